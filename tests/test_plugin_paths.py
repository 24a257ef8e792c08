"""What plug-ins of openai/evals import, by the paths and with the behaviour that they know."""

from __future__ import annotations

import importlib

import pytest

from evals.errors import EvalsError

PATHS = """
evals.api: CompletionFn CompletionResult DummyCompletionFn DummyCompletionResult record_and_check_match
evals.api: OpenAICreateChatPrompt OpenAICreatePrompt Prompt record_match
evals.base: BaseEvalSpec CompletionFnSpec EvalSetSpec EvalSpec RunSpec
evals.prompt.base: OpenAICreateChatPrompt OpenAICreatePrompt OpenAIChatMessage Prompt CompletionPrompt ChatCompletionPrompt
evals.prompt.base: chat_prompt_to_text_prompt text_prompt_to_chat_prompt is_chat_prompt
evals.formatting: make_abc
evals.task_state: Message TaskState
evals.data: get_csv get_json get_jsonl get_jsonls get_lines iter_jsonls jsondump jsondumps jsonload jsonloads
evals.data: EnhancedJSONEncoder open_by_file_pattern gzip_open lz4_open zstd_open
evals.eval: Eval SolverEval SHUFFLE_SEED _MAX_SAMPLES set_max_samples
evals.metrics: get_accuracy get_bootstrap_accuracy_std get_confusion_matrix compute_matthew_corr compute_precision
evals.metrics: compute_recall compute_f_score compute_averaged_f_score
evals.record: RecorderBase LocalRecorder DummyRecorder HttpRecorder Recorder Event default_recorder record_match
evals.record: record_sampling record_metrics record_embedding record_cond_logp record_pick_option record_function_call
evals.record: record_raw record_error record_extra record_event RunSpec
evals.registry: Registry registry is_chat_model n_ctx_from_model_name logger
evals.registry: BaseEvalSpec CompletionFnSpec EvalSetSpec EvalSpec ModelGradedSpec
evals.solvers.solver: Solver SolverResult NestedSolver SolverSpec DummySolver create_solver
evals.solvers.utils: maybe_wrap_with_compl_fn maybe_wrap_with_solver
evals.solvers.memory: PersistentMemoryCache
evals.solvers.prompts.hhh: HHH_MSGS
evals.solvers.prompts.cot: DEFAULT_COT_TEMPLATE DEFAULT_EXTRACT_ANSWER_TEMPLATE
evals.solvers.postprocessors.postprocessors: Strip RemoveQuotes RemovePeriod
evals.solvers.human_cli_solver: HumanCliSolver
evals.solvers.nested.cot_solver: CoTSolver
evals.solvers.nested.fewshot_solver: FewShotSolver
evals.solvers.nested.hhh_solver: HHHSolver
evals.solvers.nested.self_consistency_solver: SelfConsistencySolver
evals.solvers.providers.openai.openai_solver: OpenAISolver
evals.solvers.providers.anthropic.anthropic_solver: AnthropicSolver
evals.solvers.providers.google.gemini_solver: GeminiSolver
evals.solvers.providers.together.together_solver: TogetherSolver
evals.completion_fns.openai: OpenAIChatCompletionFn OpenAICompletionFn OpenAICompletionResult
evals.completion_fns.cot: ChainOfThoughtCompletionFn
evals.completion_fns.retrieval: RetrievalCompletionFn
evals.completion_fns.langchain_llm: LangChainLLMCompletionFn LangChainChatModelCompletionFn
evals.completion_fns.langchain_math: LangChainMathChainCompletionFn
evals.completion_fns.solver_completion_fn: SolverCompletionFn
evals.elsuite.basic.match: Match
evals.elsuite.basic.includes: Includes
evals.elsuite.basic.fuzzy_match: FuzzyMatch
evals.elsuite.basic.json_match: JsonMatch
evals.elsuite.basic.json_validator: JsonValidator
evals.elsuite.basic.match_with_solvers: MatchWithSolvers
evals.elsuite.translate: Translate
evals.elsuite.multiple_choice: MultipleChoice
evals.elsuite.lambada: Lambada
evals.elsuite.test.match: TestMatch
evals.elsuite.modelgraded.base: ModelGradedSpec
evals.elsuite.modelgraded.classify: ModelBasedClassify
evals.elsuite.modelgraded.classify_utils: classify get_choice get_choice_score get_choice_strings append_answer_prompt
evals.elsuite.modelgraded.classify_utils: sample_and_concat_n_completions concat_n_completions ANSWER_PROMPTS MATCH_FNS
evals.elsuite.modelgraded.classify_utils: INVALID_STR
evals.elsuite.utils: get_answer get_consensus normalize fuzzy_match f1_score get_scores_from_text get_yesno_from_text
evals.elsuite.utils: get_letter_from_data scrub_formatting_from_prompt format_necessary format_prompt PromptFn
evals.utils.misc: make_object t
evals.utils.log_utils: extract_final_results extract_individual_results extract_spec get_final_results_from_dir
evals.utils.log_utils: get_specs_from_dir
evals.utils.api_utils: create_retrying
evals.utils.snowflake: SnowflakeConnection
evals.utils.test: TestCompletionFn
evals.cli.oaieval: get_parser run main OaiEvalArguments build_recorder
evals.cli.oaievalset: get_parser run main OaiEvalSetArguments
"""


@pytest.mark.parametrize("line", PATHS.strip().splitlines())
def test_each_path_has_its_names(line: str) -> None:
    module, _, names = line.partition(": ")
    missing = [name for name in names.split() if not hasattr(importlib.import_module(module), name)]
    assert not missing


def test_make_object_binds_arguments_to_what_a_path_names() -> None:
    from evals.utils.misc import make_object

    assert make_object("collections:Counter", "aab")() == {"a": 2, "b": 1}
    assert make_object("json:decoder.JSONDecoder")().decode("[1]") == [1]


@pytest.mark.parametrize(
    ("duration_s", "text"), [(None, "n/a"), (0.0125, "12.500ms"), (3.5, "3.500s"), (125.0, "2min5s")]
)
def test_t_writes_a_duration(duration_s: float | None, text: str) -> None:
    from evals.utils.misc import t

    assert t(duration_s) == text


def test_a_snowflake_connection_says_what_to_use_instead() -> None:
    from evals.utils.snowflake import SnowflakeConnection

    with pytest.raises(EvalsError, match="COPY INTO"):
        SnowflakeConnection(account="x")


def test_wrapped_prompts_are_prompts() -> None:
    from evals.prompt.base import ChatCompletionPrompt, CompletionPrompt, Prompt

    assert issubclass(ChatCompletionPrompt, Prompt)
    assert CompletionPrompt([{"role": "user", "content": "hi"}]).to_formatted_prompt() == "hi"
