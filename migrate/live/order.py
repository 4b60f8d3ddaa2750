"""In which order the entities of a target are written, where some of them are handed over together."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def in_order(
    entities: Sequence[str], together: Callable[[str], str], refers: Callable[[str], set[str]]
) -> list[tuple[str, tuple[str, ...]]]:
    """``(word, entities)`` one after the other: each entity by itself (the word is blank), or all of one word at once.

    ``entities`` are in the contract's order, parents before children; ``together`` gives the word of each, ``refers`` those that
    it refers to. What is handed over has its place where the last of its entities stands, and goes before that only for what
    refers to it, and after what it refers to. Where these contradict, the contract's order counts.
    """
    place = {entity: number for number, entity in enumerate(entities)}
    units: dict[str, list[str]] = {}
    for entity in entities:
        word = together(entity)
        units.setdefault(f"together {word}" if word else entity, []).append(entity)
    unit_of = {entity: unit for unit, members in units.items() for entity in members}
    # What refers to something that comes later is written at the end, and waits for nothing.
    needs = {
        unit: {unit_of[to] for one in members for to in refers(one) if place.get(to, len(place)) < place[one]} - {unit}
        for unit, members in units.items()
    }
    waiting = sorted(units, key=lambda unit: place[units[unit][-1]])
    ordered: list[tuple[str, tuple[str, ...]]] = []
    while waiting:
        unit = next((unit for unit in waiting if not needs[unit] & set(waiting)), waiting[0])
        waiting.remove(unit)
        ordered.append((together(units[unit][0]), tuple(units[unit])))
    return ordered
