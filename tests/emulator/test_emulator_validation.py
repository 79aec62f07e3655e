"""Input is checked from the service model, for every operation alike; the cases are generated from that model."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from moto.core.utils import camelcase_to_underscores

from moto_sms_voice.extension.requests import implemented

MODEL = botocore.session.get_session().get_service_model("pinpoint-sms-voice-v2")
OPERATIONS = sorted(implemented())

# For each pattern of the model one of these fits it, and one does not.
SAMPLES = [
    "brand",
    "+14255550182",
    "US",
    "0.05",
    "STOP",
    "arn:aws:sms-voice:us-east-1:123456789012:pool/pool-1",
    "https://example.com/",
    "s3://bucket/media.jpg",
]
UNFIT = [" ", "\n\n", "a b", "é", "+", "x\u00e9y" * 7]


UNSUPPORTED = {"FileMessage", "RichCard", "Carousel", "Suggestions"}
"""Members of SendRcsMessage with hundreds of rules, of which the emulator takes none."""


def fitting(shape: Shape) -> Any:
    """A value that the model allows, with every member of a structure."""
    if shape.type_name == "structure":
        return {name: fitting(member) for name, member in _members(shape)}
    if shape.type_name == "list":
        return [fitting(shape.member)]  # type: ignore[attr-defined]
    if shape.type_name == "map":
        return {fitting(shape.key): fitting(shape.value)}  # type: ignore[attr-defined]
    if shape.type_name == "string":
        return next(text for text in [*shape.metadata.get("enum", ()), *SAMPLES] if allows(shape, text))
    number = shape.metadata.get("min", 1)
    return {"boolean": False, "integer": number, "long": number}[shape.type_name]


def _members(shape: Shape) -> list[tuple[str, Shape]]:
    return [each for each in shape.members.items() if each[0] not in UNSUPPORTED]  # type: ignore[attr-defined]


def allows(shape: Shape, text: str) -> bool:
    rules = shape.metadata
    return (
        rules.get("min", 0) <= len(text) <= rules.get("max", len(text))
        and re.fullmatch(rules.get("pattern", r"(?s).*"), text) is not None
        and text in rules.get("enum", [text])
    )


def violating_texts(shape: Shape) -> Iterator[tuple[str, str]]:
    rules = shape.metadata
    if rules.get("min", 0) > 0:
        yield "shorter than min", "x" * (rules["min"] - 1)
    if "max" in rules:
        yield "longer than max", (fitting(shape) * rules["max"])[: rules["max"] + 1]
    if "pattern" in rules:
        unfit = (text for text in UNFIT if not re.fullmatch(rules["pattern"], text))
        yield from (("outside the pattern", text) for text in islice(unfit, 1))
    if "enum" in rules:
        yield "not in the enum", "NO_SUCH_VALUE"


def violations(shape: Shape) -> Iterator[tuple[str, Any]]:
    """Values that break one rule of a shape, with the rule's name."""
    rules = shape.metadata
    if shape.type_name == "string":
        yield from violating_texts(shape)
    elif shape.type_name in ("integer", "long"):
        yield from ((rule, rules[rule] + step) for rule, step in (("min", -1), ("max", 1)) if rule in rules)
    elif shape.type_name == "list":
        if "max" in rules:
            yield "more items than max", fitting(shape) * (rules["max"] + 1)
        if rules.get("min", 0) > 0:
            yield "fewer items than min", []
    elif shape.type_name == "map" and "max" in rules and not shape.key.enum:  # type: ignore[attr-defined]
        keys = [f"key{number}" for number in range(rules["max"] + 1)]
        yield "more entries than max", {key: fitting(shape.value) for key in keys}  # type: ignore[attr-defined]


def places(shape: Shape, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str, Shape]]:
    """Every shape inside an input, with the way to it and the name by which a refusal calls it."""
    if shape.type_name == "structure":
        for name, member in _members(shape):
            yield from places(member, (*path, name))
        return
    yield path, "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:], shape
    if shape.type_name == "list":
        yield from places(shape.member, (*path, 0))  # type: ignore[attr-defined]


def put_in(given_input: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(given_input)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def cases() -> Iterator[Any]:
    for operation in OPERATIONS:
        shape = MODEL.operation_model(operation).input_shape
        assert shape is not None
        whole = fitting(shape)
        for path, name, inner in places(shape):
            for rule, value in violations(inner):
                changed = put_in(whole, path, value)
                yield pytest.param(operation, changed, name, id=f"{operation}-{name}-{rule}")


CASES = list(cases())


@pytest.fixture
def unchecked(world: Any) -> Any:
    """A client that sends what it is given, as clients in other languages do."""
    return world.client(validate=False)


def test_every_implemented_operation_is_tested_here() -> None:
    """None is left out of the cases, and they are many."""
    assert len(OPERATIONS) == 65
    with_input = {each for each in OPERATIONS if MODEL.operation_model(each).input_shape.members}  # type: ignore[union-attr]
    assert {case.values[0] for case in CASES} == with_input


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_breaks_a_rule_of_the_model_is_refused(unchecked: Any, refused: Any, operation: str) -> None:
    """Length, pattern, range, size and enum: the refusal names the one field that is wrong, and no other."""
    for case in CASES:
        asked, given_input, name = case.values
        if asked == operation:
            error = refused(getattr(unchecked, camelcase_to_underscores(operation)), **given_input)
            assert (error["Code"], error["Reason"]) == ("ValidationException", "FIELD_VALIDATION_FAILED"), case.id
            assert {field["Name"] for field in error["Fields"]} == {name}, case.id


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_the_model_requires_must_be_there(unchecked: Any, refused: Any, operation: str) -> None:
    """An empty input is refused for every member that is required, and for none other."""
    shape = MODEL.operation_model(operation).input_shape
    assert shape is not None
    if not shape.required_members:
        getattr(unchecked, camelcase_to_underscores(operation))()
        return
    tokens = {"ClientToken": "token"} if "ClientToken" in shape.members else {}
    error = refused(getattr(unchecked, camelcase_to_underscores(operation)), **tokens)
    assert (error["Code"], error["Reason"]) == ("ValidationException", "MISSING_PARAMETER")
    assert {field["Name"] for field in error["Fields"]} == set(shape.required_members)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_the_model_allows_is_not_malformed(world: Any, operation: str) -> None:
    """An input with every member, each as the model has it, passes the checks, whatever becomes of it then."""
    world.not_on_aws()
    client = world.client()
    given_input = fitting(MODEL.operation_model(operation).input_shape)  # type: ignore[arg-type]
    reason = None
    try:
        getattr(client, camelcase_to_underscores(operation))(**given_input)
    except client.exceptions.ClientError as error:
        reason = error.response.get("Reason")
    assert reason not in ("FIELD_VALIDATION_FAILED", "MISSING_PARAMETER")


@example("+14255550182\n")
@example("")
@example("+0425555018")
@example("١٤٢٥٥٥٥٠١٨٢")
@example("+" + "1" * 19)
@given(text=st.one_of(st.text(max_size=24), st.text("+0123456789", max_size=24)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_number_is_one_exactly_if_the_model_says_so(unchecked: Any, text: str) -> None:
    """Whatever text is put on a list: refused unless the model's pattern and length allow it."""
    shape = MODEL.shape_for("PhoneNumber")
    try:
        unchecked.put_opted_out_number(OptOutListName="Default", OptedOutNumber=text)
        accepted = True
    except unchecked.exceptions.ValidationException:
        accepted = False
    assert accepted == (re.fullmatch(shape.metadata["pattern"], text) is not None and 1 <= len(text) <= 20)


def test_a_refusal_repeats_nothing_of_what_was_sent(unchecked: Any, refused: Any) -> None:
    """A malformed number or text is personal data too."""
    error = refused(unchecked.send_text_message, DestinationPhoneNumber="tel:+14255550182", MessageBody="secret" * 300)
    assert "4255550182" not in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    "body",
    [b"{", b"5", b"null", b"[]", b'"text"', b"\xff\xfe\xff", b"[" * 100_000, b'{"OptOutListName": 5}'],
    ids=["cut short", "a number", "null", "an array", "a string", "not UTF-8", "too deep", "a member's type"],
)
def test_a_body_that_is_no_json_object_of_the_models_types_is_refused(world: Any, body: bytes) -> None:
    """The protocol's SerializationException, not a crash."""
    answer = world.raw("CreateOptOutList", body)
    assert (answer.status_code, answer.json()["__type"].rpartition("#")[2]) == (400, "SerializationException")


def test_true_is_no_number(world: Any) -> None:
    """JSON's booleans are not taken for integers."""
    answer = world.raw("DescribeOptOutLists", b'{"MaxResults": true}')
    assert answer.json()["__type"].rpartition("#")[2] == "SerializationException"


def test_null_is_as_good_as_left_out(world: Any) -> None:
    """A member that is null counts as not given."""
    assert world.raw("DescribeOptOutLists", b'{"MaxResults": null}').status_code == 200
    assert world.raw("CreateOptOutList", b'{"OptOutListName": null}').status_code == 400


def test_a_member_that_the_model_does_not_know_is_ignored(world: Any) -> None:
    """A client with a newer model is still answered."""
    assert world.raw("DescribeOptOutLists", b'{"BrandNew": 1}').status_code == 200
