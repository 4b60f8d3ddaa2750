"""The tables of the Moodle sample: Moodle's own names, types, defaults and unique keys, of what a migration reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PREFIX = "mdl_"

SCHEMA: dict[str, str] = {
    "config": """
        id bigint; name varchar(255) ''; value longtext
    """,
    "user": """
        id bigint; auth varchar(20) 'manual'; confirmed tinyint 0; policyagreed tinyint 0;
        deleted tinyint 0; suspended tinyint 0; mnethostid bigint 0; username varchar(100) '';
        password varchar(255) ''; idnumber varchar(255) ''; firstname varchar(100) '';
        lastname varchar(100) ''; email varchar(100) ''; emailstop tinyint 0; phone1 varchar(20) '';
        phone2 varchar(20) ''; institution varchar(255) ''; department varchar(255) '';
        address varchar(255) ''; city varchar(120) ''; country varchar(2) ''; lang varchar(30) 'en';
        calendartype varchar(30) 'gregorian'; theme varchar(50) ''; timezone varchar(100) '99';
        firstaccess bigint 0; lastaccess bigint 0; lastlogin bigint 0;
        currentlogin bigint 0; lastip varchar(45) ''; secret varchar(15) ''; picture bigint 0;
        description longtext?; descriptionformat tinyint 1; mailformat tinyint 1;
        maildigest tinyint 0; maildisplay tinyint 2; autosubscribe tinyint 1;
        trackforums tinyint 0; timecreated bigint 0; timemodified bigint 0;
        trustbitmask bigint 0; imagealt varchar(255)?; lastnamephonetic varchar(255)?;
        firstnamephonetic varchar(255)?; middlename varchar(255)?; alternatename varchar(255)?;
        moodlenetprofile varchar(255)?
    """,
    "user_info_category": """
        id bigint; name varchar(255) ''; sortorder bigint 0
    """,
    "user_info_field": """
        id bigint; shortname varchar(255) 'shortname'; name longtext; datatype varchar(255) '';
        description longtext?; descriptionformat tinyint 0; categoryid bigint 0;
        sortorder bigint 0; required tinyint 0; locked tinyint 0; visible smallint 0;
        forceunique tinyint 0; signup tinyint 0; defaultdata longtext?;
        defaultdataformat tinyint 0; param1 longtext?; param2 longtext?; param3 longtext?;
        param4 longtext?; param5 longtext?
    """,
    "user_info_data": """
        id bigint; userid bigint 0; fieldid bigint 0; data longtext; dataformat tinyint 0
    """,
    "user_preferences": """
        id bigint; userid bigint 0; name varchar(255) ''; value varchar(1333) ''
    """,
    "user_lastaccess": """
        id bigint; userid bigint 0; courseid bigint 0; timeaccess bigint 0
    """,
    "role": """
        id bigint; name varchar(255) ''; shortname varchar(100) ''; description longtext;
        sortorder bigint 0; archetype varchar(30) ''
    """,
    "role_names": """
        id bigint; roleid bigint 0; contextid bigint 0; name varchar(255) ''
    """,
    "context": """
        id bigint; contextlevel bigint 0; instanceid bigint 0; path varchar(255)?;
        depth tinyint 0; locked tinyint 0
    """,
    "role_assignments": """
        id bigint; roleid bigint 0; contextid bigint 0; userid bigint 0;
        timemodified bigint 0; modifierid bigint 0; component varchar(100) ''; itemid bigint 0;
        sortorder bigint 0
    """,
    "course_categories": """
        id bigint; name varchar(255) ''; idnumber varchar(100)?; description longtext?;
        descriptionformat tinyint 0; parent bigint 0; sortorder bigint 0;
        coursecount bigint 0; visible tinyint 1; visibleold tinyint 1; timemodified bigint 0;
        depth bigint 0; path varchar(255) ''; theme varchar(50)?
    """,
    "course": """
        id bigint; category bigint 0; sortorder bigint 0; fullname varchar(254) '';
        shortname varchar(255) ''; idnumber varchar(100) ''; summary longtext?; summaryformat tinyint 0;
        format varchar(21) 'topics'; showgrades tinyint 1; newsitems mediumint 1;
        startdate bigint 0; enddate bigint 0; relativedatesmode tinyint 0; marker bigint 0;
        maxbytes bigint 0; legacyfiles smallint 0; showreports smallint 0; visible tinyint 1;
        visibleold tinyint 1; downloadcontent tinyint?; groupmode smallint 0;
        groupmodeforce smallint 0; defaultgroupingid bigint 0; lang varchar(30) '';
        calendartype varchar(30) ''; theme varchar(50) ''; timecreated bigint 0;
        timemodified bigint 0; requested tinyint 0; enablecompletion tinyint 0;
        completionnotify tinyint 0; cacherev bigint 0; originalcourseid bigint?;
        showactivitydates tinyint 0; showcompletionconditions tinyint?; pdfexportfont varchar(50)?
    """,
    "course_sections": """
        id bigint; course bigint 0; section bigint 0; name varchar(255)?; summary longtext?;
        summaryformat tinyint 0; sequence longtext?; visible tinyint 1; availability longtext?;
        component varchar(100)?; itemid bigint?; timemodified bigint 0
    """,
    "modules": """
        id bigint; name varchar(20) ''; cron bigint 0; lastcron bigint 0;
        search varchar(255) ''; visible tinyint 1
    """,
    "course_modules": """
        id bigint; course bigint 0; module bigint 0; instance bigint 0;
        section bigint 0; idnumber varchar(100)?; added bigint 0; score smallint 0;
        indent mediumint 0; visible tinyint 1; visibleoncoursepage tinyint 1;
        visibleold tinyint 1; groupmode smallint 0; groupingid bigint 0; completion tinyint 0;
        completiongradeitemnumber bigint?; completionview tinyint 0; completionexpected bigint 0;
        completionpassgrade tinyint 0; showdescription tinyint 0; availability longtext?;
        deletioninprogress tinyint 0; downloadcontent tinyint? 1; lang varchar(30)?
    """,
    "enrol": """
        id bigint; enrol varchar(20) ''; status bigint 0; courseid bigint;
        sortorder bigint 0; name varchar(255)?; enrolperiod bigint? 0; enrolstartdate bigint? 0;
        enrolenddate bigint? 0; expirynotify tinyint? 0; expirythreshold bigint? 0;
        notifyall tinyint? 0; password varchar(50)?; cost varchar(20)?; currency varchar(3)?;
        roleid bigint? 0; customint1 bigint?; customint2 bigint?; customint3 bigint?;
        customint4 bigint?; customint5 bigint?; customint6 bigint?; customint7 bigint?;
        customint8 bigint?; customchar1 varchar(255)?; customchar2 varchar(255)?;
        customchar3 varchar(1333)?; customdec1 decimal(12,7)?; customdec2 decimal(12,7)?;
        customtext1 longtext?; customtext2 longtext?; customtext3 longtext?; customtext4 longtext?;
        timecreated bigint 0; timemodified bigint 0
    """,
    "user_enrolments": """
        id bigint; status bigint 0; enrolid bigint; userid bigint; timestart bigint 0;
        timeend bigint 2147483647; modifierid bigint 0; timecreated bigint 0;
        timemodified bigint 0
    """,
    "groups": """
        id bigint; courseid bigint; idnumber varchar(100) ''; name varchar(254) '';
        description longtext?; descriptionformat tinyint 0; enrolmentkey varchar(50)?;
        picture bigint 0; visibility tinyint 0; participation tinyint 1; timecreated bigint 0;
        timemodified bigint 0
    """,
    "groups_members": """
        id bigint; groupid bigint 0; userid bigint 0; timeadded bigint 0;
        component varchar(100) ''; itemid bigint 0
    """,
    "groupings": """
        id bigint; courseid bigint 0; name varchar(255) ''; idnumber varchar(100) '';
        description longtext?; descriptionformat tinyint 0; configdata longtext?;
        timecreated bigint 0; timemodified bigint 0
    """,
    "groupings_groups": """
        id bigint; groupingid bigint 0; groupid bigint 0; timeadded bigint 0
    """,
    "cohort": """
        id bigint; contextid bigint; name varchar(254) ''; idnumber varchar(100)?;
        description longtext?; descriptionformat tinyint; visible tinyint 1;
        component varchar(100) ''; timecreated bigint; timemodified bigint; theme varchar(50)?
    """,
    "cohort_members": """
        id bigint; cohortid bigint 0; userid bigint 0; timeadded bigint 0
    """,
    "grade_categories": """
        id bigint; courseid bigint; parent bigint?; depth bigint 0; path varchar(255)?;
        fullname varchar(255) ''; aggregation bigint 0; keephigh bigint 0; droplow bigint 0;
        aggregateonlygraded tinyint 0; aggregateoutcomes tinyint 0; timecreated bigint;
        timemodified bigint; hidden bigint 0
    """,
    "grade_items": """
        id bigint; courseid bigint?; categoryid bigint?; itemname varchar(255)?;
        itemtype varchar(30) ''; itemmodule varchar(30)?; iteminstance bigint?; itemnumber bigint?;
        iteminfo longtext?; idnumber varchar(255)?; calculation longtext?; gradetype smallint 1;
        grademax decimal(10,5) 100.00000; grademin decimal(10,5) 0.00000; scaleid bigint?;
        outcomeid bigint?; gradepass decimal(10,5) 0.00000; multfactor decimal(10,5) 1.00000;
        plusfactor decimal(10,5) 0.00000; aggregationcoef decimal(10,5) 0.00000;
        aggregationcoef2 decimal(10,5) 0.00000; sortorder bigint 0; display bigint 0;
        decimals tinyint?; hidden bigint 0; locked bigint 0; locktime bigint 0;
        needsupdate bigint 0; weightoverride tinyint 0; timecreated bigint?;
        timemodified bigint?
    """,
    "grade_grades": """
        id bigint; itemid bigint; userid bigint; rawgrade decimal(10,5)?;
        rawgrademax decimal(10,5) 100.00000; rawgrademin decimal(10,5) 0.00000; rawscaleid bigint?;
        usermodified bigint?; finalgrade decimal(10,5)?; hidden bigint 0; locked bigint 0;
        locktime bigint 0; exported bigint 0; overridden bigint 0; excluded bigint 0;
        feedback longtext?; feedbackformat bigint 0; information longtext?;
        informationformat bigint 0; timecreated bigint?; timemodified bigint?;
        aggregationstatus varchar(10) 'unknown'; aggregationweight decimal(10,5)?
    """,
    "grade_grades_history": """
        id bigint; action bigint 0; oldid bigint; source varchar(255)?;
        timemodified bigint?; loggeduser bigint?; itemid bigint; userid bigint;
        rawgrade decimal(10,5)?; rawgrademax decimal(10,5) 100.00000; rawgrademin decimal(10,5) 0.00000;
        rawscaleid bigint?; usermodified bigint?; finalgrade decimal(10,5)?; hidden bigint 0;
        locked bigint 0; locktime bigint 0; exported bigint 0; overridden bigint 0;
        excluded bigint 0; feedback longtext?; feedbackformat bigint 0; information longtext?;
        informationformat bigint 0
    """,
    "course_completions": """
        id bigint; userid bigint 0; course bigint 0; timeenrolled bigint 0;
        timestarted bigint 0; timecompleted bigint?; reaggregate bigint 0
    """,
    "course_completion_criteria": """
        id bigint; course bigint 0; criteriatype bigint 0; module varchar(100)?;
        moduleinstance bigint?; courseinstance bigint?; enrolperiod bigint?;
        timeend bigint?; gradepass decimal(10,5)?; role bigint?
    """,
    "course_modules_completion": """
        id bigint; coursemoduleid bigint; userid bigint; completionstate tinyint;
        overrideby bigint?; timemodified bigint
    """,
    "course_modules_viewed": """
        id bigint; coursemoduleid bigint; userid bigint; timecreated bigint
    """,
    "quiz": """
        id bigint; course bigint 0; name varchar(255) ''; intro longtext; introformat smallint 0;
        timeopen bigint 0; timeclose bigint 0; timelimit bigint 0;
        overduehandling varchar(16) 'autoabandon'; graceperiod bigint 0;
        preferredbehaviour varchar(32) ''; canredoquestions smallint 0; attempts mediumint 0;
        attemptonlast smallint 0; grademethod smallint 1; decimalpoints smallint 2;
        questiondecimalpoints smallint -1; reviewattempt mediumint 0;
        reviewcorrectness mediumint 0; reviewmaxmarks mediumint 0; reviewmarks mediumint 0;
        reviewspecificfeedback mediumint 0; reviewgeneralfeedback mediumint 0;
        reviewrightanswer mediumint 0; reviewoverallfeedback mediumint 0;
        questionsperpage bigint 0; navmethod varchar(16) 'free'; shuffleanswers smallint 0;
        sumgrades decimal(10,5) 0.00000; grade decimal(10,5) 0.00000; timecreated bigint 0;
        timemodified bigint 0; password varchar(255) ''; subnet varchar(255) '';
        browsersecurity varchar(32) ''; delay1 bigint 0; delay2 bigint 0;
        showuserpicture smallint 0; showblocks smallint 0; completionattemptsexhausted tinyint? 0;
        completionminattempts bigint 0; allowofflineattempts tinyint? 0
    """,
    "quiz_attempts": """
        id bigint; quiz bigint 0; userid bigint 0; attempt mediumint 0;
        uniqueid bigint 0; layout longtext; currentpage bigint 0; preview smallint 0;
        state varchar(16) 'inprogress'; timestart bigint 0; timefinish bigint 0;
        timemodified bigint 0; timemodifiedoffline bigint 0; timecheckstate bigint? 0;
        sumgrades decimal(10,5)?; gradednotificationsenttime bigint?
    """,
    "quiz_grades": """
        id bigint; quiz bigint 0; userid bigint 0; grade decimal(10,5) 0.00000;
        timemodified bigint 0
    """,
    "scorm": """
        id bigint; course bigint 0; name varchar(255) ''; scormtype varchar(50) 'local';
        reference varchar(255) ''; intro longtext; introformat smallint 0; version varchar(9) '';
        maxgrade double 0; grademethod tinyint 0; whatgrade bigint 0; maxattempt bigint 1;
        forcecompleted tinyint 0; forcenewattempt tinyint 0; lastattemptlock tinyint 0;
        masteryoverride tinyint 1; displayattemptstatus tinyint 1;
        displaycoursestructure tinyint 0; updatefreq tinyint 0; sha1hash varchar(40)?;
        md5hash varchar(32) ''; revision bigint 0; launch bigint 0; skipview tinyint 1;
        hidebrowse tinyint 0; hidetoc tinyint 0; nav tinyint 1; navpositionleft bigint? -100;
        navpositiontop bigint? -100; auto tinyint 0; popup tinyint 0; options varchar(255) '';
        width bigint 100; height bigint 600; timeopen bigint 0; timeclose bigint 0;
        timemodified bigint 0; completionstatusrequired tinyint?;
        completionscorerequired bigint?; completionstatusallscos tinyint?; autocommit tinyint 0
    """,
    "scorm_attempt": """
        id bigint; userid bigint; scormid bigint; attempt bigint 1
    """,
    "scorm_element": """
        id bigint; element varchar(255) ''
    """,
    "scorm_scoes": """
        id bigint; scorm bigint 0; manifest varchar(255) ''; organization varchar(255) '';
        parent varchar(255) ''; identifier varchar(255) ''; launch longtext; scormtype varchar(5) '';
        title varchar(255) ''; sortorder bigint 0
    """,
    "scorm_scoes_value": """
        id bigint; scoid bigint; attemptid bigint; elementid bigint; value longtext;
        timemodified bigint 0
    """,
    "badge": """
        id bigint; name varchar(255) ''; description longtext?; timecreated bigint 0;
        timemodified bigint 0; usercreated bigint; usermodified bigint;
        issuername varchar(255) ''; issuerurl varchar(255) ''; issuercontact varchar(255)?;
        expiredate bigint?; expireperiod bigint?; type tinyint 1; courseid bigint?;
        message longtext; messagesubject longtext; attachment tinyint 1; notification tinyint 1;
        status tinyint 0; nextcron bigint?; version varchar(255)?; language varchar(255)?;
        imageauthorname varchar(255)?; imageauthoremail varchar(255)?; imageauthorurl varchar(255)?;
        imagecaption longtext?
    """,
    "badge_issued": """
        id bigint; badgeid bigint 0; userid bigint 0; uniquehash longtext;
        dateissued bigint 0; dateexpire bigint?; visible tinyint 0; issuernotified bigint?
    """,
    "customfield_category": """
        id bigint; name varchar(400) ''; description longtext?; descriptionformat bigint?;
        sortorder bigint?; timecreated bigint; timemodified bigint; component varchar(100) '';
        area varchar(100) ''; itemid bigint 0; contextid bigint?
    """,
    "customfield_field": """
        id bigint; shortname varchar(100) ''; name varchar(400) ''; type varchar(100) '';
        description longtext?; descriptionformat bigint?; sortorder bigint?; categoryid bigint?;
        configdata longtext?; timecreated bigint; timemodified bigint
    """,
    "customfield_data": """
        id bigint; fieldid bigint; instanceid bigint; intvalue bigint?;
        decvalue decimal(10,5)?; shortcharvalue varchar(255)?; charvalue varchar(1333)?; value longtext;
        valueformat bigint; valuetrust tinyint 0; timecreated bigint; timemodified bigint;
        contextid bigint?
    """,
    "scale": """
        id bigint; courseid bigint 0; userid bigint 0; name varchar(255) ''; scale longtext;
        description longtext; descriptionformat tinyint 0; timemodified bigint 0
    """,
    "customcert": """
        id bigint; course bigint 0; templateid bigint 0; name varchar(255) ''; intro longtext?;
        introformat smallint 0; requiredtime bigint 0; verifyany tinyint 0;
        deliveryoption varchar(255)?; usecustomfilename tinyint 0; customfilenamepattern longtext?;
        emailstudents tinyint 0; emailteachers tinyint 0; emailothers longtext?;
        protection varchar(255) ''; language varchar(20)?; timecreated bigint 0;
        timemodified bigint 0
    """,
    "customcert_issues": """
        id bigint; userid bigint 0; customcertid bigint 0; code varchar(40)?;
        emailed tinyint 0; timecreated bigint 0
    """,
    "grade_letters": """
        id bigint; contextid bigint; lowerboundary decimal(10,5); letter varchar(255) ''
    """,
    "course_completion_aggr_methd": """
        id bigint; course bigint 0; criteriatype bigint?; method tinyint 0;
        value decimal(10,5)?
    """,
    "course_completion_crit_compl": """
        id bigint; userid bigint 0; course bigint 0; criteriaid bigint 0;
        gradefinal decimal(10,5)?; unenroled bigint?; timecompleted bigint?
    """,
    "assign": """
        id bigint; course bigint 0; name varchar(255) ''; intro longtext; introformat smallint 0;
        alwaysshowdescription tinyint 0; nosubmissions tinyint 0; submissiondrafts tinyint 0;
        sendnotifications tinyint 0; sendlatenotifications tinyint 0; duedate bigint 0;
        allowsubmissionsfromdate bigint 0; grade bigint 0; timemodified bigint 0;
        requiresubmissionstatement tinyint 0; completionsubmit tinyint 0; cutoffdate bigint 0;
        gradingduedate bigint 0; teamsubmission tinyint 0; requireallteammemberssubmit tinyint 0;
        teamsubmissiongroupingid bigint 0; blindmarking tinyint 0; hidegrader tinyint 0;
        revealidentities tinyint 0; attemptreopenmethod varchar(10) 'untilpass';
        maxattempts mediumint 1; markingworkflow tinyint 0; markingallocation tinyint 0;
        markinganonymous tinyint 0; sendstudentnotifications tinyint 1;
        preventsubmissionnotingroup tinyint 0; activity longtext?; activityformat smallint 0;
        timelimit bigint 0; submissionattachments tinyint 0
    """,
    "assign_submission": """
        id bigint; assignment bigint 0; userid bigint 0; timecreated bigint 0;
        timemodified bigint 0; timestarted bigint?; status varchar(10)?; groupid bigint 0;
        attemptnumber bigint 0; latest tinyint 0
    """,
    "assign_grades": """
        id bigint; assignment bigint 0; userid bigint 0; timecreated bigint 0;
        timemodified bigint 0; grader bigint 0; grade decimal(10,5)? 0.00000;
        attemptnumber bigint 0
    """,
    "competency_framework": """
        id bigint; shortname varchar(100)?; contextid bigint; idnumber varchar(100)?;
        description longtext?; descriptionformat smallint 0; scaleid bigint?;
        scaleconfiguration longtext; visible tinyint 1; taxonomies varchar(255) '';
        timecreated bigint; timemodified bigint; usermodified bigint?
    """,
    "competency": """
        id bigint; shortname varchar(100)?; description longtext?; descriptionformat smallint 0;
        idnumber varchar(100)?; competencyframeworkid bigint; parentid bigint 0;
        path varchar(255) ''; sortorder bigint; ruletype varchar(100)?; ruleoutcome tinyint 0;
        ruleconfig longtext?; scaleid bigint?; scaleconfiguration longtext?; timecreated bigint;
        timemodified bigint; usermodified bigint?
    """,
    "competency_usercomp": """
        id bigint; userid bigint; competencyid bigint; status tinyint 0;
        reviewerid bigint?; proficiency tinyint?; grade bigint?; timecreated bigint;
        timemodified bigint?; usermodified bigint
    """,
    "competency_evidence": """
        id bigint; usercompetencyid bigint; contextid bigint; action tinyint;
        actionuserid bigint?; descidentifier varchar(255) ''; desccomponent varchar(255) '';
        desca longtext?; url varchar(255)?; grade bigint?; note longtext?; timecreated bigint;
        timemodified bigint; usermodified bigint
    """,
    "logstore_standard_log": """
        id bigint; eventname varchar(255) ''; component varchar(100) ''; action varchar(100) '';
        target varchar(100) ''; objecttable varchar(50)?; objectid bigint?; crud varchar(1) '';
        edulevel tinyint; contextid bigint; contextlevel bigint;
        contextinstanceid bigint; userid bigint; courseid bigint?;
        relateduserid bigint?; anonymous tinyint 0; other longtext?; timecreated bigint;
        origin varchar(10)?; ip varchar(45)?; realuserid bigint?
    """,
    "sessions": """
        id bigint; state bigint 0; sid varchar(128) ''; userid bigint; sessdata longtext?;
        timecreated bigint; timemodified bigint; firstip varchar(45)?; lastip varchar(45)?
    """,
    "cache_flags": """
        id bigint; flagtype varchar(255) ''; name varchar(255) ''; timemodified bigint 0;
        value longtext; expiry bigint
    """,
    "local_mentoring": """
        id bigint; mentorid bigint 0; menteeid bigint 0; notes longtext?;
        timecreated bigint 0
    """,
}

PLUGIN_COLUMNS: dict[str, str] = {"user": "local_costcentre varchar(40)?"}

"""Columns that local plugins added to core tables."""

UNIQUE: dict[str, tuple[str, ...]] = {
    "config": ("name",),
    "user": ("mnethostid", "username"),
    "user_info_data": ("userid", "fieldid"),
    "user_preferences": ("userid", "name"),
    "user_lastaccess": ("userid", "courseid"),
    "role": ("shortname",),
    "role_names": ("roleid", "contextid"),
    "context": ("contextlevel", "instanceid"),
    "course_sections": ("course", "section"),
    "user_enrolments": ("enrolid", "userid"),
    "groups_members": ("userid", "groupid"),
    "cohort_members": ("cohortid", "userid"),
    "grade_grades": ("userid", "itemid"),
    "course_completions": ("userid", "course"),
    "course_modules_completion": ("userid", "coursemoduleid"),
    "course_modules_viewed": ("userid", "coursemoduleid"),
    "quiz_attempts": ("quiz", "userid", "attempt"),
    "scorm_element": ("element",),
    "badge_issued": ("badgeid", "userid"),
    "grade_letters": ("contextid", "lowerboundary", "letter"),
    "course_completion_aggr_methd": ("course", "criteriatype"),
    "course_completion_crit_compl": ("userid", "course", "criteriaid"),
    "assign_submission": ("assignment", "userid", "groupid", "attemptnumber"),
    "assign_grades": ("assignment", "userid", "attemptnumber"),
    "competency_framework": ("idnumber",),
    "competency": ("competencyframeworkid", "idnumber"),
    "competency_usercomp": ("userid", "competencyid"),
    "customfield_data": ("instanceid", "fieldid"),
}

EMPTY_TABLES = ("logstore_standard_log", "sessions", "cache_flags")

"""Log and cache tables: every site has them, no migration takes them."""


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    nullable: bool
    default: str | None

    @property
    def value(self) -> Any:
        """What a row holds here when nothing else is said."""
        if self.default is None:
            if self.nullable:
                return None
            raise KeyError(self.name)
        if self.default.startswith("'"):
            return self.default[1:-1]
        return float(self.default) if "." in self.default else int(self.default)

    def ddl(self) -> str:
        parts = [f'"{self.name}"', self.type.upper()]
        if not self.nullable:
            parts.append("NOT NULL")
        if self.name == "id":
            parts.append("PRIMARY KEY")
        if self.default is not None:
            parts.append(f"DEFAULT {self.default}")
        return " ".join(parts)


def columns_of(table: str) -> dict[str, Column]:
    """The columns of a table in their order."""
    listed = SCHEMA[table]
    if table in PLUGIN_COLUMNS:
        listed += "; " + PLUGIN_COLUMNS[table]
    found: dict[str, Column] = {}
    for item in listed.split(";"):
        name, kind, *rest = item.split()
        found[name] = Column(name, kind.rstrip("?"), kind.endswith("?"), rest[0] if rest else None)
    return found
