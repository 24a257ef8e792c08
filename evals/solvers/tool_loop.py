"""ToolLoop: lets a model call local Python functions, gives it their results, and ends with its answer."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion import ChatMessage, Completions, FunctionCall
from evals.completion_fns.tool_calls import chat_form
from evals.engine.traits import preflight, traits_of
from evals.errors import UsageError
from evals.json_text import dumps
from evals.record.current import record_function_call
from evals.registry.classes import load_object
from evals.registry.typed_arguments import typed_arguments
from evals.solvers.completion_fn_solver import chat_of, copied_around, make_completion_fn
from evals.solvers.solver import Solver, SolverResult
from evals.task_state import TaskState

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", dict: "object"}


@dataclass(frozen=True)
class LocalTool:
    """A Python function as a tool. definition: in the words of the chat endpoint."""

    name: str
    function: Callable[..., Any]
    definition: Mapping[str, Any]


def local_tool(given: Any) -> LocalTool:
    """The tool that `given` describes: `module:function`, or an object with `function` and what to say of it.

    The object's `name`, `description` and `parameters` (a JSON schema) win over what the function itself says: its
    name, the first paragraph of its docstring, its parameters with their types.

    Raises:
        UsageError: it names no function, or a coroutine function. RegistryError: it cannot be imported.
    """
    said = given if isinstance(given, Mapping) else {"function": given}
    path = said.get("function")
    if isinstance(path, str) and ":" in path:
        function = load_object(path, named_by="a tool of ToolLoop")
    elif callable(path):
        function = path
    else:
        raise UsageError(
            f"a tool is {dumps(path)[:60]}", fix='write "module:function", or {function: "module:function"}'
        )
    if not callable(function) or inspect.iscoroutinefunction(function):
        raise UsageError(f"the tool {path} is no plain function", fix="name a function that is called and returns")
    name = str(said.get("name") or getattr(function, "__name__", "tool"))
    about = said.get("description") or (inspect.getdoc(function) or "").split("\n\n")[0]
    schema = said.get("parameters") or parameters_of(function)
    definition = {"name": name, **({"description": about} if about else {}), "parameters": schema}
    return LocalTool(name, function, {"type": "function", "function": definition})


def parameters_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The JSON schema of a function's parameters, from their types and defaults. Other types are left open."""
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError):
        hints = {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        hint = hints.get(name)
        kind = _TYPES.get(typing.get_origin(hint) or hint) if hint is not None else None
        properties[name] = {} if kind is None else {"type": kind}
        if parameter.default is parameter.empty:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


@typed_arguments
class ToolLoop(Solver):
    """Sends the chat with the tools, runs the functions that the model calls, sends their results, until it answers.

    completion_fn: a completion function or its name. tools: functions, see `local_tool`. max_turns: requests for one
    answer; a model that still calls functions in the last one has given no answer. options: sampling arguments.
    The functions run in this process, with all rights of the user: name your own. What a function raises is told to the
    model, and the loop goes on.

    Raises:
        UsageError: there is no tool, two have the same name, or one is no function.
    """

    def __init__(
        self,
        completion_fn: Any,
        tools: Sequence[Any],
        max_turns: int = 10,
        options: Mapping[str, Any] | None = None,
        postprocessors: Sequence[str] = (),
        registry: Any = None,
    ) -> None:
        super().__init__(postprocessors=postprocessors, registry=registry)
        made = [local_tool(given) for given in tools]
        self.tools = {tool.name: tool for tool in made}
        if not made or len(self.tools) < len(made):
            raise UsageError("ToolLoop has no tools, or two of one name", fix="name each function once")
        if isinstance(max_turns, bool) or not isinstance(max_turns, int) or max_turns < 1:
            raise UsageError(f"max_turns is {max_turns!r}", fix="give a number from 1")
        self.max_turns = max_turns
        self.options = dict(options or {})
        named = isinstance(completion_fn, str)
        self.completion_fn: Any = make_completion_fn(completion_fn, registry) if named else completion_fn

    def preflight(self) -> None:
        """The preflight of the completion function."""
        preflight(self.completion_fn)

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        chat: list[ChatMessage] = list(chat_of(task_state))
        options = {**kwargs, **self.options, "tools": [tool.definition for tool in self.tools.values()]}
        text = ""
        for turn in range(1, self.max_turns + 1):
            result = self.completion_fn(prompt=list(chat), **options)
            text = result.get_completions()[0]
            calls = result.tool_calls[0] if isinstance(result, Completions) and result.tool_calls else []
            if not calls:
                return SolverResult(text, n_turns=turn, messages=chat)
            chat.append(_message_of(result, text, calls))
            chat += [self._answer(call) for call in calls]
        return SolverResult(text, n_turns=self.max_turns, messages=chat, stopped="max_turns")

    def _answer(self, call: FunctionCall) -> ChatMessage:
        """Run the function of a call, record it, and return the message with its result."""
        value = self._run(call)
        record_function_call(call["name"], call["arguments"], value)
        text = value if isinstance(value, str) else dumps(value)
        return {"role": "tool", "tool_call_id": call["id"], "content": text}

    def _run(self, call: FunctionCall) -> Any:
        tool, arguments = self.tools.get(call["name"]), call["arguments"]
        if tool is None:
            return f"error: there is no function {call['name']!r}; there are {', '.join(self.tools)}"
        if not isinstance(arguments, dict):
            return "error: the arguments are no JSON object"
        try:
            return tool.function(**arguments)
        except Exception as error:  # the model sees it, and may call again
            return f"error: {type(error).__name__}: {error}"

    @property
    def name(self) -> str:
        return f"ToolLoop around {traits_of(self.completion_fn).model or type(self.completion_fn).__name__}"

    @property
    def model_version(self) -> str | dict[str, Any]:
        return traits_of(self.completion_fn).model or {}

    def __deepcopy__(self, memo: dict[int, Any]) -> ToolLoop:
        twin: ToolLoop = copied_around(self, memo, "completion_fn", "tools")
        return twin


def _message_of(result: Completions, text: str, calls: Sequence[FunctionCall]) -> ChatMessage:
    """The reply as the assistant's message: as the provider wants it back, else with text and calls."""
    if result.messages:
        return result.messages[0]
    return {"role": "assistant", "content": text or None, "tool_calls": [chat_form(call) for call in calls]}
