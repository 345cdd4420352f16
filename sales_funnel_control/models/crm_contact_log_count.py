from typing import NamedTuple

from psycopg2.errors import UniqueViolation

from odoo import models
from odoo.tools import SQL, mute_logger

from ..tools import contacts

_CALL = "effective_call"


class Scope(NamedTuple):
    """Calls that limit each other: those with an organisation in a year."""

    company_id: int
    organisation_id: int
    year: int


class Count(NamedTuple):
    """What a contact counts as: the columns it fills."""

    counts_as: str | None
    count_note: str | None
    place: int | None


class CrmContactLog(models.Model):
    """Decides what contacts count as, by the rules of :mod:`..tools.contacts`."""

    _inherit = "crm.contact.log"

    def _scopes(self):
        """The scopes in which the contacts may stand against calls."""
        return {
            Scope(log.company_id.id, log.organisation_id.id, log.day.year)
            for log in self
            if log.day and log.organisation_id
        }

    def _count(self, former_scopes=()):
        """Decide what the contacts count as, and what calls beside them do then.

        :param former_scopes: scopes that the contacts belonged to before they were changed
        """
        self.flush_model()
        counts = {log.id: Count(*log._judge(), None) for log in self}
        calls = {log_id for log_id, count in counts.items() if count.counts_as == _CALL}
        scopes = set(former_scopes)
        if calls or former_scopes:
            scopes |= self._scopes()
        others = counts.keys() - calls
        for scope in sorted(scopes):
            counts.update(self._allot(scope, calls, others))
        self._keep_counts(counts)

    def _judge(self):
        """What the contact counts as, looked at alone."""
        self.ensure_one()
        if self.state != "done":
            return contacts.Verdict(None)
        return contacts.judge(
            contacts.Contact(
                kind=self.kind,
                day=self.day,
                is_in_person=self.is_in_person,
                has_person=bool(self.person_key),
                is_decision_maker=self.was_decision_maker,
                has_full_name=self.had_full_name,
                has_position=bool(self.position),
                has_deal=self.had_deal,
                is_questionnaire_complete=self.had_questionnaire,
                is_client=self.was_client,
                is_interested=self.is_interested,
                progress=self.progress,
                progress_date=self.progress_date,
            )
        )

    def _allot(self, scope, calls, others):
        """What the calls of a scope count as.

        :param Scope scope:
        :param calls: ids of contacts that are effective calls, looked at alone
        :param others: ids of contacts that are none, whatever they counted as before
        :return: :class:`Count` by id
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, person_key, day
                  FROM crm_contact_log
                 WHERE organisation_id = %(organisation)s
                   AND day BETWEEN %(first_day)s AND %(last_day)s
                   AND company_id = %(company)s
                   AND (
                        counts_as = 'effective_call'
                        OR count_note IN ('same_day', 'too_many_people')
                        OR id = ANY(%(calls)s)
                   )
                   AND id <> ALL(%(others)s)
              ORDER BY date, id
                """,
                organisation=scope.organisation_id,
                company=scope.company_id,
                first_day=f"{scope.year:04}-01-01",
                last_day=f"{scope.year:04}-12-31",
                calls=list(calls),
                others=list(others),
            )
        )
        rivals = [contacts.Call(*row) for row in rows]
        found, placed = {}, set()
        for call, place in zip(rivals, contacts.allot(rivals).values(), strict=True):
            if isinstance(place, str):
                found[call.id] = Count(None, place, None)
            else:
                found[call.id] = Count(_CALL, None, None if call.person in placed else place)
                placed.add(call.person)
        return found

    def _keep_counts(self, counts):
        """Write what contacts count as, where it is not so yet.

        Two contacts may be logged at the same time without seeing each other. The database keeps
        the rules then: who comes second waits for the first, and does not count.
        """
        rows = {
            row[0]: Count(*row[1:])
            for row in self.env.execute_query(
                SQL(
                    """
                    SELECT id, counts_as, count_note, place
                      FROM crm_contact_log
                     WHERE id = ANY(%s)
                    """,
                    list(counts),
                )
            )
        }
        changed = {
            log_id: count
            for log_id, count in counts.items()
            if log_id in rows and rows[log_id] != count
        }
        if not changed:
            return
        # What is given up first makes room for what comes instead.
        given_up = [log_id for log_id in changed if rows[log_id].counts_as == _CALL]
        self._write_counts(dict.fromkeys(given_up, Count(None, None, None)))
        claims = {log_id: count for log_id, count in changed.items() if count.counts_as == _CALL}
        self._write_counts({i: count for i, count in changed.items() if i not in claims})
        if self._claimed_by_others(claims):
            for log_id, count in claims.items():
                self._claim(log_id, count)
        self.invalidate_model(list(Count._fields), flush=False)

    def _claim(self, log_id, count):
        """Let a call count as far as calls logged at the same time leave room."""
        places = iter(range(1, contacts.DECISION_MAKERS + 1))
        while constraint := self._claimed_by_others({log_id: count}):
            if constraint.endswith("one_call_a_day"):
                count = Count(None, "same_day", None)
            elif constraint.endswith("one_place_each"):
                count = count._replace(place=None)
            else:
                place = next(places, None)
                count = (
                    count._replace(place=place) if place else Count(None, "too_many_people", None)
                )

    def _claimed_by_others(self, counts):
        """Try to write the counts.

        :return: the name of the rule that stands against one of them; nothing is written then
        """
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint(flush=False):
                self._write_counts(counts)
        except UniqueViolation as violation:
            return violation.diag.constraint_name
        return None

    def _write_counts(self, counts):
        if not counts:
            return
        columns = zip(*((log_id, *count) for log_id, count in counts.items()), strict=True)
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_contact_log AS log
                   SET counts_as = decided.counts_as,
                       count_note = decided.count_note,
                       place = decided.place
                  FROM unnest(%s::int[], %s::varchar[], %s::varchar[], %s::int[])
                       AS decided(id, counts_as, count_note, place)
                 WHERE log.id = decided.id
                """,
                *map(list, columns),
            )
        )

    # -- what others learn or change afterwards -------------------------------------------------

    def _learn_person(self, people):
        """Let contacts count for which something was not known of the person yet.

        What was known stays as it was: a person who decides no longer did at the time.

        :param people: contact persons of whom more is known now
        """
        learnt = self.sudo().browse()
        logs = learnt.search([("contact_id", "in", people.ids)])
        for person, theirs in logs.grouped("contact_id").items():
            same = theirs.filtered(
                lambda log, now=person.commercial_partner_id: log.organisation_id == now
            )
            for name, value in (
                ("position", person.function),
                ("was_decision_maker", person.is_decision_maker),
                ("had_full_name", contacts.is_full_name(person.name)),
            ):
                if value and (ignorant := same.filtered(lambda log, name=name: not log[name])):
                    ignorant[name] = value
                    learnt |= ignorant
        if learnt:
            learnt._count()

    def _learn_questionnaire(self, leads):
        """Let meetings count whose questionnaire was completed after they were logged."""
        complete = leads.filtered("is_questionnaire_complete")
        logs = self.sudo().search(
            [("lead_id", "in", complete.ids), ("had_questionnaire", "=", False)]
        )
        if logs:
            logs.had_questionnaire = True
            logs._count()

    def _refresh_days(self, companies):
        """Let day and week follow the sales time zone of the companies."""
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT log.id, local.day
                  FROM crm_contact_log log
                  JOIN res_company company ON company.id = log.company_id
            CROSS JOIN LATERAL (
                        SELECT (log.date AT TIME ZONE 'UTC' AT TIME ZONE company.funnel_tz)::date
                               AS day
                       ) local
                 WHERE log.company_id = ANY(%s)
                   AND log.day <> local.day
                """,
                companies.ids,
            )
        )
        days = dict(rows)
        logs = self.browse(days)
        if not logs:
            return
        former = logs._scopes()
        logs._without_counts()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_contact_log AS log
                   SET day = moved.day, week_start = date_trunc('week', moved.day)::date
                  FROM unnest(%s::int[], %s::date[]) AS moved(id, day)
                 WHERE log.id = moved.id
                """,
                list(days),
                list(days.values()),
            )
        )
        self.invalidate_model(["day", "week_start"], flush=False)
        logs._count(former)

    def _without_counts(self):
        """Let the contacts count as nothing until :meth:`_count`; the database may change them."""
        self.flush_model()
        self._write_counts(dict.fromkeys(self.ids, Count(None, None, None)))
        self.invalidate_model(list(Count._fields), flush=False)
