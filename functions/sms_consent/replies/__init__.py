"""Which text answers a person, in which language, and whether it fits what a network carries.

The texts are data: one file a language in ``languages/``, and what each kind must hold, with its sources, in
``rules.json``. A reply that does not fit with a deployment's brand is sent without it, or not at all; no setting stops a text.
"""

from __future__ import annotations

from .composer import ComposedReply, Replies, Unfit
from .templates import UnfitReply

__all__ = ["ComposedReply", "Replies", "Unfit", "UnfitReply"]
