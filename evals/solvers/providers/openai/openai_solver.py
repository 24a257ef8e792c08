"""OpenAI's chat and text models as a solver; the base class of solvers over OpenAI-compatible services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from evals.chat import chat_prompt_to_text_prompt
from evals.completion import CompletionResult
from evals.engine.failures import CallFailed
from evals.errors import EvalsError
from evals.registry.typed_arguments import typed_arguments
from evals.solvers.completion_fn_solver import SPACER, copied_around
from evals.solvers.solver import Solver, SolverResult
from evals.task_state import TaskState

ROLE_TO_PREFIX = {"system": "System: ", "user": "User: ", "assistant": "Assistant: ", "spacer": "-----"}
"How the roles of a conversation are written for a text model."

Messages = list[dict[str, Any]]


@typed_arguments
class OpenAISolver(Solver):
    """Sends task description and messages to an OpenAI model.

    completion_fn_options: arguments of the completion function; `model` is required. valid_answers: answers of one
    token each, to which a logit bias restricts the model; needs the tiktoken package.

    For text models only. fixed_start: the words with which the answer begins; they are sent at the end of the prompt.
    continue_last_assistant_msg: take the words from a last message of the assistant instead. role_to_prefix: how the
    roles are written.

    Raises:
        ValueError: no model; an argument for text models with a chat model; or an answer of several tokens.
    """

    def __init__(
        self,
        completion_fn_options: Mapping[str, Any] | None = None,
        valid_answers: Sequence[str] | None = None,
        fixed_start: str | None = None,
        continue_last_assistant_msg: bool = False,
        role_to_prefix: Mapping[str, str] = ROLE_TO_PREFIX,
        postprocessors: Sequence[str] = (),
        registry: Any = None,
    ) -> None:
        super().__init__(postprocessors=postprocessors, registry=registry)
        self.completion_fn_options = dict(completion_fn_options or {})
        if "model" not in self.completion_fn_options:
            raise ValueError("OpenAISolver needs a model in completion_fn_options")
        self.valid_answers = valid_answers
        self.fixed_start = fixed_start
        self.continue_last_assistant_msg = continue_last_assistant_msg
        self.role_to_prefix = dict(role_to_prefix)
        fn_class = self._get_completion_fn_cls(self.completion_fn_options["model"])
        self._preprocess_completion_fn_options()
        services = {"api_base": self._api_base, "api_key": self._api_key, "registry": registry}
        self.completion_fn: Any = fn_class(**{**services, **self.completion_fn_options})

    @classmethod
    def over(cls, completion_fn: Any) -> OpenAISolver:
        """A solver around an existing completion function."""
        solver = cls(completion_fn_options={"model": completion_fn.model or "unnamed"})
        solver.completion_fn = completion_fn
        return solver

    @property
    def model(self) -> str:
        return str(self.completion_fn.model)

    @property
    def name(self) -> str:
        return self.model

    @property
    def model_version(self) -> str | dict[str, Any]:
        """The name of the model with its snapshot, as the server gives it. It makes a call of one token."""
        result = self(TaskState("", []), max_tokens=1)
        return str(result.metadata["raw_completion_result"].model)

    def __deepcopy__(self, memo: dict[int, Any]) -> OpenAISolver:
        twin: OpenAISolver = copied_around(self, memo, "completion_fn")
        return twin

    @property
    def _api_base(self) -> str | None:
        return None

    @property
    def _api_key(self) -> str | None:
        return None

    def _is_chat_model(self, model: str) -> bool:
        from evals.registry.lookup import is_chat_model

        return is_chat_model(model)

    def _process_msgs(self, raw_msgs: Messages) -> Messages:
        """The messages as the service wants them; a subclass may change them."""
        return raw_msgs

    def _perform_prechecks(self, msgs: Messages) -> SolverResult | None:
        """An answer without a call, or None. Here always None: the server says when a prompt is too long."""
        return None

    @property
    def _completion_exception(self) -> type[Exception]:
        """The exception of a failed call, which `_handle_completion_exception` gets."""
        return CallFailed

    def _handle_completion_exception(self, e: Any) -> SolverResult:
        """An answer in place of a failed call. Here none: it is raised again, as a failed sample is no wrong answer."""
        raise e

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        raw = [{"role": "system", "content": task_state.task_description}]
        raw += [message.to_dict() for message in task_state.messages]
        early = self._perform_prechecks(raw)
        if early is not None:
            return early
        messages = self._process_msgs(raw)
        try:
            return self._ask_chat(messages, kwargs) if self._speaks_chat() else self._ask_text(messages, kwargs)
        except self._completion_exception as error:
            return self._handle_completion_exception(error)

    def _speaks_chat(self) -> bool:
        from evals.completion_fns.openai.models import OpenAICompletionFn

        return not isinstance(self.completion_fn, OpenAICompletionFn)

    def _ask_chat(self, messages: Messages, kwargs: dict[str, Any]) -> SolverResult:
        sent = [message for message in messages if message["role"] != SPACER]
        result: CompletionResult = self.completion_fn(prompt=sent, **kwargs)
        return SolverResult(result.get_completions()[0], raw_completion_result=result)

    def _ask_text(self, messages: Messages, kwargs: dict[str, Any]) -> SolverResult:
        prompt = self._render_completion_prompt(messages)
        stop = self._get_msg_separators()
        result: CompletionResult = self.completion_fn(prompt=prompt, **{"stop": stop, **kwargs})
        raw_output = result.get_completions()[0]
        answer = self._parse_completion_response(raw_output)
        return SolverResult(answer, raw_output=raw_output, raw_completion_result=result)

    def _render_completion_prompt(self, msgs: Messages) -> str:
        """The conversation as one text, which ends where the answer of the model begins."""
        if self.continue_last_assistant_msg and msgs and msgs[-1]["role"] == "assistant":
            self.fixed_start = msgs[-1]["content"]
            msgs = msgs[:-1]
        prompt = chat_prompt_to_text_prompt(msgs, chat_to_prefixes=self.role_to_prefix)
        return prompt if self.fixed_start is None else f"{prompt} {self.fixed_start}"

    def _parse_completion_response(self, raw_response: str) -> str:
        """The answer: the text up to where the model goes on with the next message."""
        answer = raw_response
        for separator in self._get_msg_separators():
            answer = answer.split(separator)[0].strip()
        return answer if self.fixed_start is None else f"{self.fixed_start} {answer}"

    def _get_msg_separators(self) -> list[str]:
        """The prefixes of the roles, which are sent as stop sequences and end the answer."""
        return [prefix.strip() for prefix in self.role_to_prefix.values() if prefix.strip()]

    def _get_completion_fn_cls(self, model: str) -> Any:
        from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAICompletionFn

        if not self._is_chat_model(model):
            if self.fixed_start is not None and self.continue_last_assistant_msg:
                raise ValueError("OpenAISolver takes fixed_start or continue_last_assistant_msg, not both")
            return OpenAICompletionFn
        if self.fixed_start is not None or self.continue_last_assistant_msg:
            raise ValueError("fixed_start and continue_last_assistant_msg are for text models, not for chat models")
        return OpenAIChatCompletionFn

    def _preprocess_completion_fn_options(self) -> None:
        if self.valid_answers:
            bias = self._make_logit_bias(self.valid_answers, self.completion_fn_options["model"])
            extra = dict(self.completion_fn_options.get("extra_options") or {})
            self.completion_fn_options["extra_options"] = {**extra, "logit_bias": bias}

    def _make_logit_bias(self, valid_answers: Sequence[str], model: str) -> dict[int, float]:
        """A bias of 100 for the token of each answer.

        Raises:
            ValueError: an answer has more than one token. EvalsError: tiktoken is not installed.
        """
        encoding = _encoding_of(model)
        tokens = {answer: encoding.encode(answer) for answer in valid_answers}
        for answer, found in tokens.items():
            if len(found) != 1:
                raise ValueError(f"valid_answers: {answer!r} is {len(found)} tokens of {model}, and must be one")
        return {found[0]: 100 for found in tokens.values()}


def _encoding_of(model: str) -> Any:
    try:
        tiktoken: Any = import_module("tiktoken")
    except ImportError as error:
        raise EvalsError(
            "valid_answers needs the tiktoken package, which is not installed",
            fix="pip install tiktoken, or leave valid_answers out",
        ) from error
    return tiktoken.encoding_for_model(model)
