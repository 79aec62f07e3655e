"""The JSON schemas: one for each type of event, valid and consistent with each other."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.event_schemas import schemas

from schemas.events import EVENTS, generated
from sms_consent.domain.events import EventType


def _details() -> dict[str, dict[str, Any]]:
    return {name: schema["properties"]["detail"] for name, schema in schemas().items()}


def test_every_type_of_event_has_a_schema_and_every_schema_a_type() -> None:
    """Consumers are generated from them."""
    assert set(schemas()) == {each.value for each in EventType}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_is_one_and_is_of_its_type(name: str) -> None:
    """A misspelt keyword would check nothing."""
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == name
    assert schema["properties"]["detail-type"] == {"const": name}
    assert schema["properties"]["source"] == {"const": "sms-consent"}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_every_field_says_what_it_is(name: str) -> None:
    """Whoever reads a schema reads nothing else."""
    for field, about in _details()[name]["properties"].items():
        assert "description" in about or "const" in about or field == "status", field


@pytest.mark.parametrize("name", sorted(schemas()))
def test_consumers_must_ignore_unknown_fields(name: str) -> None:
    """So that a field can be added without breaking anybody."""
    assert "additionalProperties" not in str(schemas()[name])


@pytest.mark.parametrize("field", ["id", "number", "list", "version", "decision", "previous_status"])
def test_what_several_events_have_is_the_same_in_all(field: str) -> None:
    """They are told apart by what differs."""
    forms = [detail["properties"][field] for detail in _details().values() if field in detail["properties"]]
    assert len(forms) > 1
    assert all(form == forms[0] for form in forms)


def test_no_schema_has_a_place_for_what_a_person_wrote() -> None:
    """The text and its words stay in the ledger."""
    for detail in _details().values():
        evidence = detail["properties"].get("decision", {"properties": {}})
        assert not {"body", "matched", "actor"} & {*detail["properties"], *evidence["properties"]}


@pytest.mark.parametrize("event", list(EventType))
def test_a_schema_is_the_one_that_its_model_generates(event: EventType) -> None:
    """``python -m schemas.events`` writes the files."""
    assert schemas()[event] == generated(event)


def test_the_models_hide_their_input_in_errors() -> None:
    """A refused event may hold a phone number."""
    for model in EVENTS.values():
        with pytest.raises(ValueError, match="validation error") as refused:
            model.model_validate({"number": "14255550182"})
        assert "4255550182" not in str(refused.value)
