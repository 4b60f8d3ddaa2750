"""The ordinary site, without any planted fault."""

from __future__ import annotations

from moodle_sample.activities import add_activities, add_attempts, add_submissions
from moodle_sample.awards import add_awards, add_competencies
from moodle_sample.courses import add_categories, add_course_fields, add_courses
from moodle_sample.enrolments import add_enrolments, add_groups, add_site_roles
from moodle_sample.grades import add_completions, add_gradebook
from moodle_sample.people import add_cohorts, add_people, add_profiles
from moodle_sample.site import LOCAL_HOST, ROLES, Site


def build_site() -> Site:
    """The ordinary site, without any planted fault."""
    site = Site()
    for step in (
        add_config,
        add_roles,
        add_categories,
        add_people,
        add_profiles,
        add_cohorts,
        add_courses,
        add_enrolments,
        add_groups,
        add_activities,
        add_course_fields,
        add_gradebook,
        add_completions,
        add_attempts,
        add_submissions,
        add_awards,
        add_competencies,
        add_site_roles,
    ):
        step(site)
    return site


def add_config(site: Site) -> None:
    settings = {
        "siteguest": "1",
        "siteadmins": "2,5",
        "version": "2024100705.01",
        "release": "4.5.5+ (Build: 20250613)",
        "branch": "405",
        "timezone": "Europe/Madrid",
        "forcetimezone": "99",
        "lang": "en",
        "mnet_localhost_id": str(LOCAL_HOST),
        "allowaccountssameemail": "1",
        "enablecompletion": "1",
        "enablebadges": "1",
        "auth": "ldap,oauth2",
        "supportname": "Sample support",
        "supportemail": "support@example.org",
    }
    for name, value in settings.items():
        site.add("config", name=name, value=value)


def add_roles(site: Site) -> None:
    names = {"auditor": "External auditor", "helpdesk": "Help desk"}
    archetypes = {"auditor": "", "helpdesk": ""}
    for order, (shortname, number) in enumerate(ROLES.items(), 1):
        site.add(
            "role",
            id=number,
            name=names.get(shortname, ""),
            shortname=shortname,
            description="",
            sortorder=order,
            archetype=archetypes.get(shortname, shortname),
        )
