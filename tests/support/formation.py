"""What CloudFormation makes of a transformed template under given parameters: what there is, and what refers to what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sms_consent_cli.local.template import read_template

__all__ = ["Formation", "formation", "transformed"]

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::NoValue": None,
    "AWS::Partition": "aws",
    "AWS::StackId": "stack-id",
    "AWS::StackName": "sms-consent",
    "AWS::URLSuffix": "amazonaws.com",
}
_SUBSTITUTED = re.compile(r"\$\{([^!}][^}]*)\}")


@cache
def transformed(path: Path, chosen: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    """As AWS's own transform leaves it."""
    return read_template(path, dict(chosen)).document


def formation(path: Path, region: str = "us-east-1", **chosen: str) -> Formation:
    """The template under these parameters; the transform itself looks at how versions take over, and at nothing else."""
    document = transformed(path, tuple((name, chosen[name]) for name in ("Deployment",) if name in chosen))
    declared = document.get("Parameters", {})
    assert chosen.keys() <= declared.keys(), chosen.keys() - declared.keys()
    defaults = {name: str(about.get("Default", f"any {name}")) for name, about in declared.items()}
    return Formation(document, defaults | chosen, region)


@dataclass(frozen=True)
class Formation:
    """A document with its parameters: conditions decided, and every reference followed."""

    document: Mapping[str, Any]
    parameters: Mapping[str, str]
    region: str

    # --- what there is

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Those whose condition holds, with every function resolved but for what only a created resource knows."""
        return {
            name: {part: self.value(each) for part, each in resource.items()}
            for name, resource in self.document["Resources"].items()
            if self._stands(resource)
        }

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Those whose condition holds."""
        declared = self.document.get("Outputs", {})
        return {name: self.value(each["Value"]) for name, each in declared.items() if self._stands(each)}

    def of_type(self, *kinds: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id."""
        return {
            name: each.get("Properties", {}) for name, each in self.resources.items() if each["Type"].startswith(kinds)
        }

    def refusals(self) -> list[str]:
        """What the Rules section has against the parameters."""
        return [
            assertion["AssertDescription"]
            for rule in self.document.get("Rules", {}).values()
            if "RuleCondition" not in rule or self.value(rule["RuleCondition"])
            for assertion in rule["Assertions"]
            if not self.value(assertion["Assert"])
        ]

    def condition(self, name: str) -> bool:
        """Raises KeyError if there is no such condition."""
        return bool(self.value(self.document["Conditions"][name]))

    # --- what refers to what

    def dangling(self) -> list[str]:
        """References to what does not exist under these parameters."""
        found = []
        places = {
            **self.document["Resources"],
            **{f"output {k}": v for k, v in self.document.get("Outputs", {}).items()},
        }
        for name, place in places.items():
            if not self._stands(place):
                continue
            wanted = place.get("DependsOn", [])
            names = {*self._names(place), *([wanted] if isinstance(wanted, str) else wanted)}
            found += [f"{name} refers to {each}" for each in sorted(names) if not self._exists(each)]
        return found

    def named_in(self, part: Any) -> set[str]:
        """What a part of the document refers to."""
        return set(self._names(part))

    def _exists(self, name: str) -> bool:
        resource = self.document["Resources"].get(name)
        return (
            name in self.parameters
            or name in PSEUDO
            or name == "AWS::Region"
            or (resource is not None and self._stands(resource))
        )

    def _stands(self, place: Mapping[str, Any]) -> bool:
        return "Condition" not in place or self.condition(place["Condition"])

    def _names(self, node: Any) -> Iterator[str]:
        """Every logical id, parameter and pseudo parameter that counts, on the side of each Fn::If that does."""
        if isinstance(node, list):
            for each in node:
                yield from self._names(each)
        elif isinstance(node, dict):
            if "Fn::If" in node:
                yield from self._names(self._chosen(node["Fn::If"]))
                return
            for key, value in node.items():
                if key == "Ref":
                    yield value
                elif key == "Fn::GetAtt":
                    yield value.partition(".")[0] if isinstance(value, str) else value[0]
                elif key == "Fn::Sub":
                    text, own = (value, {}) if isinstance(value, str) else value
                    yield from (each.partition(".")[0] for each in _SUBSTITUTED.findall(text) if each not in own)
                    yield from self._names(own)
                else:
                    yield from self._names(value)

    def _chosen(self, branches: list[Any]) -> Any:
        name, yes, no = branches
        return yes if self.condition(name) else no

    # --- values

    def value(self, node: Any) -> Any:
        """What a part of the template comes to; ``<Name>`` and ``<Name.Attribute>`` for what creation decides."""
        if isinstance(node, list):
            return [value for each in node if (value := self.value(each)) is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((key, given),) = node.items()
            if key == "Ref" or key == "Condition" or key.startswith("Fn::"):
                return self._called(key, given)
        return {key: value for key, each in node.items() if (value := self.value(each)) is not None}

    def _called(self, function: str, given: Any) -> Any:  # noqa: C901  one line a function
        match function:
            case "Ref":
                return self._named(given)
            case "Condition":
                return self.condition(given)
            case "Fn::GetAtt":
                return f"<{given if isinstance(given, str) else '.'.join(given)}>"
            case "Fn::If":
                return self.value(self._chosen(given))
            case "Fn::Sub":
                text, own = (given, {}) if isinstance(given, str) else given
                values = self.value(own)
                return _SUBSTITUTED.sub(lambda m: str(values[m[1]] if m[1] in values else self._named(m[1])), text)
            case "Fn::Join":
                return given[0].join(str(each) for each in self.value(given[1]))
            case "Fn::Split":
                return str(self.value(given[1])).split(given[0])
            case "Fn::Select":
                return self.value(given[1])[int(given[0])]
            case "Fn::FindInMap":
                mapping, first, second = self.value(given)
                return self.document["Mappings"][mapping][first][second]
            case "Fn::Equals":
                one, other = (self.value(each) for each in given)
                return str(one) == str(other)  # numbers are texts to CloudFormation
            case "Fn::Not":
                return not self.value(given)[0]
            case "Fn::And":
                return all(self.value(given))
            case "Fn::Contains":
                return self.value(given[1]) in self.value(given[0])
            case _:
                raise AssertionError(f"tests/support/formation.py does not know {function}")

    def _named(self, name: str) -> Any:
        if name in self.parameters:
            chosen = self.parameters[name]
            return chosen.split(",") if self.document["Parameters"][name]["Type"] == "CommaDelimitedList" else chosen
        if name == "AWS::Region":
            return self.region
        return PSEUDO.get(name, f"<{name}>")
