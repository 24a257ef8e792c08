#!/usr/bin/env bash
# A gate in CI, whole: a baseline, a change that does no harm, a change that does. Needs no key and no network.
set -eu
cd "$(mktemp -d)"

# once, on the main branch: run, look at the numbers, commit the folder baselines/
oaieval scripted-demo arithmetic --record_path main.jsonl
evals gate main.jsonl --baseline baselines --update

# on a branch that only rewords the prompt: passes
oaieval scripted-demo-reworded arithmetic --record_path reworded.jsonl
evals gate reworded.jsonl --baseline baselines --max-drop 2pt

# on a branch whose prompt makes the model talk: exit code 1 stops the build
oaieval scripted-demo-chatty arithmetic --record_path chatty.jsonl
if evals gate chatty.jsonl --baseline baselines --max-drop 2pt --junit gate.xml; then
  echo "the gate let a harmful change through" >&2
  exit 1
fi
echo "the harmful change was stopped, the harmless one was not"
