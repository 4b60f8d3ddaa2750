"""Gradebooks and completions of the ordinary courses."""

from __future__ import annotations

import random
from typing import Any

from moodle_sample.clock import DAY, HOUR, NOW, madrid
from moodle_sample.courses import by_shortname
from moodle_sample.site import COURSE, SITE_COURSE, Row, Site


def add_gradebook(site: Site) -> None:
    rng = site.random
    for courseid, name, steps in (
        (0, "Competent or not", "Not yet competent,Competent"),
        (0, "Four steps", "Insufficient,Sufficient,Good,Excellent"),
        (2, "Laboratory notebook", "Missing,Incomplete,Complete"),
    ):
        site.add(
            "scale",
            courseid=courseid,
            name=name,
            scale=steps,
            description="",
            timemodified=madrid(2022, 1, 3),
        )
    own_letters = site.context(COURSE, by_shortname(site)["STAT-CLINIC"])
    for boundary, letter in ((90.0, "A"), (70.0, "B"), (50.0, "C"), (0.0, "F")):
        site.add("grade_letters", contextid=own_letters, lowerboundary=boundary, letter=letter)
    for course in site.all("course"):
        number, made = course["id"], course["timecreated"]
        if number == SITE_COURSE:
            continue
        times = {"timecreated": made, "timemodified": made}
        top = site.add("grade_categories", courseid=number, depth=1, fullname="?", aggregation=13, aggregateonlygraded=1, **times)
        site.get("grade_categories", top)["path"] = f"/{top}/"
        items = [site.add("grade_items", courseid=number, itemtype="course", iteminstance=top, sortorder=1, **times)]
        for kind in ("quiz", "scorm", "assign"):
            for activity in site.all(kind):
                if activity["course"] != number:
                    continue
                highest = activity["maxgrade" if kind == "scorm" else "grade"]
                on_scale: dict[str, Any] = {}
                if highest < 0:  # an assignment graded on a scale names the scale as a negative number
                    on_scale = {"gradetype": 2, "grademin": 1.0, "scaleid": -highest}
                    highest = 4
                items.append(
                    site.add(
                        "grade_items",
                        courseid=number,
                        categoryid=top,
                        itemname=activity["name"],
                        itemtype="mod",
                        itemmodule=kind,
                        iteminstance=activity["id"],
                        itemnumber=0,
                        grademax=float(highest),
                        gradepass=highest / 2,
                        sortorder=len(items) + 1,
                        **on_scale,
                        **times,
                    )
                )
        if number % 2:
            items.append(
                site.add(
                    "grade_items",
                    courseid=number,
                    categoryid=top,
                    itemname="Notebook",
                    itemtype="manual",
                    gradetype=2,
                    grademax=4.0,
                    grademin=1.0,
                    scaleid=2,
                    sortorder=len(items) + 1,
                    **times,
                )
            )
        for user in site.people_of(number):
            for item in items:
                if site.chance(0.74):
                    add_grade(site, site.get("grade_items", item), user, rng)


def add_grade(site: Site, item: Row, user: int, rng: random.Random) -> int:
    """Grade somebody, now and then with a placeholder that holds no grade."""
    began = max(site.get("course", item["courseid"])["startdate"], madrid(2022, 9, 1))
    handed_in = min(began + rng.randrange(10 * DAY, 120 * DAY), NOW - 3 * DAY)
    graded = handed_in + rng.randrange(HOUR, 3 * DAY)
    value: float | None
    if item["gradetype"] == 2:
        value = float(rng.randrange(1, 5))
    else:
        value = round(item["grademax"] * min(1.0, max(0.0, rng.gauss(0.7, 0.2))), 5)
    if site.chance(0.15):
        value = None
    overridden = graded if value is not None and site.chance(0.03) else 0
    feedback = "<p>Well argued.</p>" if value is not None and site.chance(0.05) else None
    number = site.add(
        "grade_grades",
        itemid=item["id"],
        userid=user,
        rawgrade=None if item["itemtype"] == "course" or overridden else value,
        rawgrademax=item["grademax"],
        rawgrademin=item["grademin"],
        rawscaleid=item["scaleid"],
        usermodified=2 if value is not None else None,
        finalgrade=value,
        hidden=1 if site.chance(0.02) else 0,
        locked=graded if site.chance(0.01) else 0,
        overridden=overridden,
        feedback=feedback,
        feedbackformat=1 if feedback else 0,
        timecreated=handed_in if item["itemtype"] == "mod" and value is not None else None,
        timemodified=graded if value is not None else None,
        aggregationstatus="used" if value is not None else "novalue",
    )
    if value is not None and site.chance(0.12):
        site.add(
            "grade_grades_history",
            action=2,
            oldid=number,
            source=f"mod/{item['itemmodule']}" if item["itemtype"] == "mod" else "system",
            timemodified=graded - HOUR,
            loggeduser=2,
            itemid=item["id"],
            userid=user,
            rawgrade=None,
            rawgrademax=item["grademax"],
            rawgrademin=item["grademin"],
            finalgrade=round(value * 0.9, 5),
        )
    return number


def add_completions(site: Site) -> None:
    rng = site.random
    modules: dict[int, list[Row]] = {}
    for row in site.all("course_modules"):
        modules.setdefault(row["course"], []).append(row)
    kinds = {row["id"]: row["name"] for row in site.all("modules")}
    for course in site.all("course"):
        number = course["id"]
        if not course["enablecompletion"]:
            continue
        site.add("course_completion_aggr_methd", course=number, method=1)
        criteria = [
            site.add(
                "course_completion_criteria",
                course=number,
                criteriatype=4,
                module=kinds[module["module"]],
                moduleinstance=module["id"],
            )
            for module in modules[number]
        ]
        if number % 4 == 0:
            criteria.append(site.add("course_completion_criteria", course=number, criteriatype=6, gradepass=50.0))
        began = max(course["startdate"], madrid(2022, 9, 1))
        for user in site.people_of(number):
            if not site.chance(0.7):
                continue
            finished = min(began + rng.randrange(20 * DAY, 140 * DAY), NOW - 2 * DAY)
            complete = site.chance(0.7)
            site.add(
                "course_completions",
                userid=user,
                course=number,
                timeenrolled=0 if site.chance(0.06) else began,
                timestarted=0 if site.chance(0.05) else began + DAY,
                timecompleted=finished if complete else None,
            )
            for criterion in criteria if complete else criteria[:1]:
                site.add(
                    "course_completion_crit_compl",
                    userid=user,
                    course=number,
                    criteriaid=criterion,
                    timecompleted=finished - DAY,
                )
            for module in modules[number]:
                if not site.chance(0.8):
                    continue
                state = rng.choice((1, 1, 2, 2, 3)) if complete else rng.choice((0, 0, 1, 3))
                site.add(
                    "course_modules_completion",
                    coursemoduleid=module["id"],
                    userid=user,
                    completionstate=state,
                    overrideby=2 if site.chance(0.02) else None,
                    timemodified=finished - rng.randrange(1, 10) * DAY,
                )
                if state or site.chance(0.5):
                    site.add(
                        "course_modules_viewed",
                        coursemoduleid=module["id"],
                        userid=user,
                        timecreated=finished - 11 * DAY,
                    )
