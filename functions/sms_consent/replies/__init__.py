"""The wording of replies, by language, and whether it fits into a text message.

Wordings are data: one file for each language in ``languages/``, and what each kind of reply must contain, with sources, in
``requirements.json``. A reply that is too long with a deployment's brand is sent without it, or not at all.
"""

from __future__ import annotations

from .composer import ComposedReply, Replies, Unfit, UnfitReply

__all__ = ["ComposedReply", "Replies", "Unfit", "UnfitReply"]
