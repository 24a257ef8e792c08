"""Sends the images of a prompt in the run's condition, and records what was sent of them."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

from evals.engine.context import current_calls
from evals.engine.session import Session
from evals.images.conditions import ImageOptions, has_images, in_condition
from evals.record.current import record_event
from evals.record.recorders import default_recorder

GRADERS_SEE = ImageOptions()
"Graders and other models that are not evaluated see images as they are."


async def with_pictures(session: Session, prompt: Any, *, grading: bool) -> Any:
    """`prompt` as it is sent: images in the run's condition; the same object where it holds none.

    image: `condition`, and `images` with `name` and, of those that are sent, `sha256`, `size_bytes`, `size_px`; where
    it was made smaller `scaled_from_px`; where metadata was removed `removed_bytes`.

    Raises:
        DataError: an image cannot be sent like that.
    """
    chat = prompt.to_formatted_prompt() if hasattr(prompt, "to_formatted_prompt") else prompt
    if not has_images(chat):
        return prompt
    options = GRADERS_SEE if grading else session.settings.images
    context = contextvars.copy_context()
    # Files are read, and images made smaller, on a thread: a large one takes as long as many samples. Not one of the
    # session's: samples wait on those for this call.
    sent, known = await asyncio.get_running_loop().run_in_executor(None, context.run, in_condition, chat, options)
    if not grading and (calls := current_calls()) is not None:
        calls.has_images = True
    if default_recorder() is not None:
        record_event("image", {"condition": options.seen_as, "images": known})
    return sent
