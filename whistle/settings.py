"""Strict settings: a TOML file and the environment become one frozen value, or an error that names the key.

Nothing is guessed: an unknown key, a missing key or a value of another kind stops the program before it listens.
A field's type is its grammar: str, int, bool, Path, a tuple of one of these, a dataclass (a table), a tuple of
dataclasses (an array of tables), or a mapping of str to one of these (a table whose keys are free, such as one per language).
"""

import dataclasses
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from whistle.errors import SettingsWrong

T = TypeVar("T")


def read(kind: type[T], file: Path, environment: Mapping[str, str], prefix: str) -> T:
    """Settings of `kind` from a TOML file; `PREFIX_KEY` in the environment overrides a top-level key. Raises SettingsWrong."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsWrong(f"The settings file {file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsWrong(f"The settings file {file} is not TOML: {error}.") from None
    table |= _from_environment(kind, environment, prefix)
    return _table(kind, table, "")


def secret(file: Path) -> str:
    """The one line of a secret's file. A secret is given by path, never by value, so that it is in no settings file."""
    try:
        return file.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsWrong(f"The secret file {file} cannot be read: {error.strerror}.") from None


def _from_environment(kind: type[Any], environment: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """Top-level scalars given as PREFIX_KEY. A variable with the prefix and no such key is an error, not a shrug."""
    hints = get_type_hints(kind)
    found: dict[str, Any] = {}
    for variable, text in environment.items():
        if not variable.startswith(prefix + "_"):
            continue
        key = variable.removeprefix(prefix + "_").lower()
        if key not in hints:
            raise SettingsWrong(f"The environment has {variable}, and there is no setting {key}.")
        found[key] = _scalar_of_text(hints[key], text, variable)
    return found


def _scalar_of_text(hint: Any, text: str, variable: str) -> Any:
    if hint is int:
        if not text.lstrip("-").isdigit():
            raise SettingsWrong(f"The environment's {variable} must be a whole number.")
        return int(text)
    if hint is bool:
        if text not in ("true", "false"):
            raise SettingsWrong(f"The environment's {variable} must be true or false.")
        return text == "true"
    if hint in (str, Path) or get_origin(hint) in (types.UnionType, typing.Union):
        return text
    raise SettingsWrong(f"The setting of {variable} is a table: give it in the settings file.")


def _table(kind: type[T], table: Any, where: str) -> T:
    if not isinstance(table, dict):
        raise SettingsWrong(f"The setting {where.rstrip('.')} must be a table.")
    hints = get_type_hints(kind)
    unknown = sorted(set(table) - set(hints))
    if unknown:
        raise SettingsWrong(f"There is no setting {where}{unknown[0]}.")
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name in table:
            values[field.name] = _value(hints[field.name], table[field.name], where + field.name)
        elif field.default is dataclasses.MISSING:
            raise SettingsWrong(f"The setting {where}{field.name} is missing.")
    return kind(**values)


def _value(hint: Any, value: Any, where: str) -> Any:
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise SettingsWrong(f"The setting {where} must be a list.")
        return tuple(_value(get_args(hint)[0], each, f"{where}[{place}]") for place, each in enumerate(value))
    if get_origin(hint) in (dict, Mapping):
        if not isinstance(value, dict):
            raise SettingsWrong(f"The setting {where} must be a table.")
        return types.MappingProxyType({key: _value(get_args(hint)[1], each, f"{where}.{key}") for key, each in value.items()})
    if get_origin(hint) in (types.UnionType, typing.Union):
        return _value(next(each for each in get_args(hint) if each is not type(None)), value, where)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _table(hint, value, where + ".")
    if hint is Path and isinstance(value, str):
        return Path(value)
    if type(value) is not hint:
        raise SettingsWrong(f"The setting {where} must be of kind {getattr(hint, '__name__', hint)}.")
    return value


def of_process() -> Mapping[str, str]:
    """The environment of this process; named here so that only entry points ask for it."""
    return os.environ
