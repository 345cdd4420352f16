from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import working_time
from .crm_contact_norm import COUNTED, NORM_KINDS

STATES = [
    ("behind", "Behind"),
    ("on_track", "On Track"),
    ("reached", "Norm Reached"),
    ("off", "Nothing Owed"),
]


class CrmContactLog(models.Model):
    _inherit = "crm.contact.log"

    _norm_idx = models.Index(
        "(user_id, week_start) INCLUDE (company_id, day, counts_as, lead_id) WHERE state = 'done'"
    )


class CrmContactNorm(models.Model):
    _inherit = "crm.contact.norm"

    @api.model
    @api.readonly
    def get_progress(self):
        """How far the user is with this week's norms, in the company they work in.

        :return: dict of texts and per cents to show as they are; empty for who owes nothing
        :rtype: dict
        """
        weeks = self.env["crm.contact.norm.week"].sudo()
        company = self.env.company
        monday = working_time.monday(company._funnel_today())
        rows = weeks.search(
            [
                ("user_id", "=", self.env.uid),
                ("company_id", "=", company.id),
                ("week_start", "=", monday),
            ]
        )
        if not rows:
            return {}
        lines = rows._progress()[company, self.env.user]
        return {
            "label": lines[0]["label"],
            "figures": lines[0]["figures"],
            "state": lines[0]["state"],
            "lines": lines,
            "days_text": rows[0]._days_text(),
            "purpose": company.sudo()[f"purpose_{rows[0].sales_role}"] or "",
        }


class CrmContactNormWeek(models.Model):
    """How far managers are with this week's norms."""

    _inherit = "crm.contact.norm.week"

    def _progress(self):
        """How each manager stands, of rows of the running week.

        A manager is behind when a whole contact is missing to the part of the norm that the
        working time passed so far stands for: on Wednesday noon half the norm is on track.

        :return: list of lines by ``(company, user)``, the leading kind first
        """
        counts = self._counts()
        passed = self._shares_passed()
        order = [kind for kind, _label in NORM_KINDS]
        lines = defaultdict(list)
        for row in self.sorted(lambda row: order.index(row.kind)):
            key = row.company_id, row.user_id
            found = [counts[row.company_id.id, row.user_id.id, name] for name in COUNTED[row.kind]]
            today, done = (sum(column) for column in zip(*found, strict=True))
            lines[key].append(row._line(today, done, passed[key]))
        return lines

    def _line(self, today, done, passed):
        """One norm of one manager, in texts and per cents."""
        labels = dict(self._fields["kind"]._description_selection(self.env))
        norm = self._number(self.norm)
        expected = self.norm * passed
        state = self._state(done, expected)
        return {
            "kind": self.kind,
            "label": labels[self.kind],
            "figures": f"{done}/{norm}",
            "done_text": self.env._("%(done)s of %(norm)s", done=done, norm=norm),
            "today": today,
            "today_text": self.env._("%(count)s today", count=today),
            "percent": round(min(100, 100 * done / self.norm), 1) if self.norm else 100,
            "passed_percent": round(100 * passed, 1),
            "state": state,
            "state_text": self._state_text(state, int(expected - done)),
        }

    def _state(self, done, expected):
        if not self.norm:
            return "off"
        if done >= self.norm:
            return "reached"
        return "on_track" if done + 1 > expected else "behind"

    def _state_text(self, state, missing):
        if state == "behind":
            return self.env._("%(count)s behind by now", count=missing)
        return {
            "reached": self.env._("Norm reached"),
            "on_track": self.env._("On track"),
            "off": self.env._("Nothing owed this week"),
        }[state]

    def _days_text(self):
        """Why the norm is less than that of a full week; empty where it is not."""
        if self.days_present == self.days_normal:
            return ""
        return self.env._(
            "%(present)s of %(normal)s working days",
            present=self._number(self.days_present),
            normal=self._number(self.days_normal),
        )

    def _number(self, value):
        """A number as people write it: no decimals where there are none."""
        lang = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        return f"{value:.1f}".removesuffix(".0").replace(".", lang.decimal_point or ".")

    def _counts(self):
        """What the managers' contacts count as: ``[today, this week]``.

        :return: by ``(company id, user id, counts_as)``
        """
        counts = defaultdict(lambda: [0, 0])
        if not self:
            return counts
        self.env["crm.contact.log"].flush_model()
        companies = self.company_id
        days = [company._funnel_today() for company in companies]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT log.company_id, log.user_id, log.counts_as,
                       COUNT(*) FILTER (WHERE log.day = running.today), COUNT(*)
                  FROM crm_contact_log log
                  JOIN unnest(%(companies)s::int[], %(days)s::date[], %(mondays)s::date[])
                       AS running(company_id, today, monday)
                    ON running.company_id = log.company_id
                   AND running.monday = log.week_start
                 WHERE log.user_id = ANY(%(users)s)
                   AND log.state = 'done'
                   AND log.counts_as IS NOT NULL
              GROUP BY log.company_id, log.user_id, log.counts_as
                """,
                companies=companies.ids,
                days=days,
                mondays=[working_time.monday(day) for day in days],
                users=self.user_id.ids,
            )
        )
        counts.update({tuple(key): [today, week] for *key, today, week in rows})
        return counts

    def _shares_passed(self):
        """How much of the week's working time has passed for each manager, by key: 0 to 1."""
        if not self:
            return {}
        mondays = self.mapped("week_start")
        rows = {(row.company_id, row.user_id): row for row in self}
        presence = self._presence(list(rows), min(mondays), max(mondays) + timedelta(days=6))
        return {
            key: presence[key].share_passed(
                row.first_day or row.week_start,
                row.last_day or row.week_start + timedelta(days=6),
            )
            for key, row in rows.items()
        }

    @api.model
    def _owes_contacts(self):
        """Whether the user has a norm these days: one look into an index."""
        recent = fields.Date.today() - timedelta(days=7)
        return bool(
            self.sudo().search_count(
                [("user_id", "=", self.env.uid), ("week_start", ">=", recent)], limit=1
            )
        )
