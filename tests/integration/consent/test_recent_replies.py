"""The replies that a consent records: the last three that were or may have been sent, with time, kind and digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.world import World

from sms_consent.domain import transitions as progress
from sms_consent.domain.reply import Delivery, RecentReply, ReplyKind, digest_of


def _fail_every_put(world: World) -> None:
    world.backend.fail_next("PutOptedOutNumber", "AccessDeniedException", 1)


def test_a_confirmation_is_kept_with_its_time_kind_and_digest(world: World) -> None:
    """It costs no write beyond those that are made anyway."""
    sent_at = world.parts.clock.now()
    consent = world.opt_out()
    (body,) = world.texts()
    (reply,) = world.consent().recent_replies
    assert (reply.at, reply.kind, reply.digest) == (sent_at, ReplyKind.OPT_OUT_CONFIRMATION, digest_of(body))
    assert consent.recent_replies == (reply,)


def test_the_last_three_are_kept(world: World) -> None:
    """Oldest first."""
    for days in range(3):
        world.pass_time(days=31 if days else 0)
        world.opt_out()
        world.pass_time(minutes=1)
        world.opt_in()
    out, back = ReplyKind.OPT_OUT_CONFIRMATION, ReplyKind.OPT_IN_CONFIRMATION
    kept = world.consent().recent_replies
    assert [reply.kind for reply in kept] == [back, out, back]
    assert [reply.at for reply in kept] == sorted(reply.at for reply in kept)
    assert kept[-1].digest == digest_of(world.texts()[-1])


@pytest.mark.parametrize(
    ("error", "kept"), [("InternalServerException", 1), ("AccessDeniedException", 0), ("ValidationException", 0)]
)
def test_a_reply_that_may_have_left_is_kept_and_a_refused_one_is_not(world: World, error: str, kept: int) -> None:
    """A copy of it may come back, or it may have been paid for."""
    world.backend.fail_next("SendTextMessage", error, 1)
    world.opt_out()
    assert len(world.consent().recent_replies) == kept


def test_a_confirmation_is_kept_although_the_list_refuses_the_number(world: World) -> None:
    """The put fails after the reply; the write that postpones it carries the reply."""
    _fail_every_put(world)
    world.opt_out()
    assert not world.listed()
    assert len(world.consent().recent_replies) == 1


def test_a_reply_counts_although_a_newer_decision_took_its_place(world: World) -> None:
    """It left while the newer one was recorded. Recording it twice changes nothing."""
    consent = world.opt_out()
    (reply,) = consent.recent_replies
    assert consent.answer is not None
    later = RecentReply(reply.at + timedelta(seconds=1), "digest", ReplyKind.OPT_IN_CONFIRMATION)
    delivery = Delivery(replace(consent.answer, decision_id="an older one"), later)
    after = progress.answered(consent, delivery)
    assert after.recent_replies == (reply, later)
    assert (after.answer, after.revision) == (consent.answer, consent.revision + 1)
    assert progress.answered(after, delivery) == after
