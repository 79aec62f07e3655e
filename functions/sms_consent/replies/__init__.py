"""Which text answers a person, in which language, and whether it fits what a network carries.

The texts are data: one file a language in ``languages/``, and what each kind must hold, with its sources, in
``rules.json``. Everything is checked when ``Replies`` is built, so that a brand too long stops a deployment's first
start rather than somebody's confirmation.
"""

from __future__ import annotations

from .composing import Replies, Reply
from .templates import ReplyKind, UnfitReply

__all__ = ["Replies", "Reply", "ReplyKind", "UnfitReply"]
