#!/usr/bin/env bash
# A gate in CI, whole: a baseline, a change that does no harm, a change that does. Needs no key and no network.
set -eu
cd "$(mktemp -d)"

# once, on the main branch: run, look at the numbers, commit the folder baselines/
oaieval pocket/1m pocket-facts --record_path main.jsonl
evals gate main.jsonl --baseline baselines --update

# on a branch that adds an instruction to the prompt: passes
oaieval pocket/1m pocket-facts --extra_eval_params 'template=Please answer in one word. {input}' \
  --record_path instructed.jsonl
evals gate instructed.jsonl --baseline baselines --max-drop 2pt

# on a branch whose template ends in "Answer:", as the samples already do: exit code 1 stops the build
oaieval pocket/1m pocket-facts --extra_eval_params 'template={input}\nAnswer:' --record_path doubled.jsonl
if evals gate doubled.jsonl --baseline baselines --max-drop 2pt --junit gate.xml; then
  echo "the gate let a harmful change through" >&2
  exit 1
fi
echo "the harmful change was stopped, the harmless one was not"
