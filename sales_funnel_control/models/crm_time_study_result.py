from collections import defaultdict
from datetime import timedelta

import pytz

from odoo import api, fields, models
from odoo.tools import format_date

from .crm_contact_log import KINDS

# Less than this is not worth a word.
_NOTABLE = 30


class CrmTimeStudy(models.Model):
    """What a time study shows: the time of each kind against the timetable, and the contacts."""

    _inherit = "crm.time.study"

    @api.readonly
    def get_result(self):
        """Where the time went, set against the timetable and the contacts logged.

        While the study runs, the timetable counts up to now. The figures of a finished study stay
        when the timetable changes.

        :return: dict: ``headline``; ``rows`` (kind, planned, spent, difference as texts and
            minutes, widths of their bars in per cent), ``total``; ``days`` and ``contacts`` (kind,
            logged per day); ``remarks`` on what the figures leave out
        """
        self.ensure_one()
        self.check_access("read")
        # The contacts are those the study is about, whoever may read the study.
        study = self.sudo()
        planned = study._planned()
        spent = study._spent()
        rows = study._result_rows(planned, spent)
        days = [
            study.date_from + timedelta(days=number)
            for number in range((study.date_to - study.date_from).days + 1)
        ]
        return {
            "headline": study._headline(rows),
            "rows": rows,
            "total": study._result_row(
                self.env._("Total"), sum(planned.values()), sum(spent.values()), 0
            ),
            "days": [format_date(self.env, day, date_format="EEE d MMM") for day in days],
            "contacts": study._contacts(days),
            "remarks": study._remarks(planned),
        }

    # -- time ---------------------------------------------------------------------------------

    def _planned(self):
        """``{kind: minutes}`` of the timetable: as kept when the study ended, else up to now."""
        self.ensure_one()
        if self.plan:
            kept = self.plan["minutes"]
            kinds = self.env["crm.time.kind"].browse(int(key) for key in kept).exists()
            return {kind: kept[str(kind.id)] for kind in kinds}
        planned = defaultdict(int)
        if not self.timetable_id:
            return planned
        until = self.finished_at or fields.Datetime.now()
        occurrences = self.timetable_id._occurrences(
            self.user_id, self.date_from, self.date_to, self.company_id
        )[self.user_id]
        for block, _day, start, stop in occurrences:
            seconds = (min(stop, until) - start).total_seconds()
            if seconds > 0:
                planned[block.kind_id] += int(seconds // 60)
        return planned

    def _spent(self):
        """``{kind: minutes}`` noted so far."""
        now = fields.Datetime.now()
        spent = defaultdict(int)
        for entry in self.entry_ids:
            spent[entry.kind_id] += entry._minutes_so_far(now)
        return spent

    def _result_rows(self, planned, spent):
        kinds = self.env["crm.time.kind"].with_context(active_test=False)
        both = kinds.search([("id", "in", [kind.id for kind in {*planned, *spent}])])
        longest = max([*planned.values(), *spent.values()], default=0)
        return [
            self._result_row(
                kind.name, planned.get(kind, 0), spent.get(kind, 0), longest, kind.color
            )
            for kind in both
        ]

    def _result_row(self, name, planned, spent, longest, color=0):
        text = self.env["crm.time.kind"]._duration_text
        difference = spent - planned
        sign = "+" if difference > 0 else "−" if difference < 0 else ""
        verdict = "as_planned"
        if abs(difference) >= _NOTABLE:
            verdict = "more" if difference > 0 else "less"
        return {
            "name": name,
            "color": color,
            "planned": planned,
            "spent": spent,
            "difference": difference,
            "planned_text": text(planned) if planned else "–",
            "spent_text": text(spent) if spent else "–",
            "difference_text": f"{sign}{text(abs(difference))}" if difference else "0",
            "planned_width": 100 * planned / longest if longest else 0,
            "spent_width": 100 * spent / longest if longest else 0,
            "verdict": verdict,
        }

    def _headline(self, rows):
        """What suffered most, and from what, in a sentence."""
        if not any(row["spent"] for row in rows):
            return self.env._("Nothing is noted yet.")
        text = self.env["crm.time.kind"]._duration_text
        least = min(rows, key=lambda row: row["difference"])
        most = max(rows, key=lambda row: row["difference"])
        short = least["difference"] <= -_NOTABLE
        long = most["difference"] >= _NOTABLE
        names = {
            "short": least["name"],
            "short_by": text(-least["difference"]),
            "long": most["name"],
            "long_by": text(most["difference"]),
        }
        if short and long:
            return self.env._(
                "%(short)s: %(short_by)s less than planned. %(long)s: %(long_by)s more.", **names
            )
        if short:
            return self.env._("%(short)s: %(short_by)s less than planned.", **names)
        if long:
            return self.env._("%(long)s: %(long_by)s more than planned.", **names)
        return self.env._("The time went where the timetable says.")

    def _remarks(self, planned):
        remarks = []
        forgotten = self.entry_ids.filtered(
            lambda entry: entry.is_closed_by_system or entry._is_forgotten()
        )
        if forgotten:
            remarks.append(
                self.env._(
                    "Forgotten and taken to end with the working day: %(count)s.",
                    count=len(forgotten),
                )
            )
        if self.state in ("asked", "running"):
            remarks.append(self.env._("The study goes on: the timetable counts up to now."))
        if not planned:
            remarks.append(
                self.env._("There is no block of a timetable on these days to set it against.")
            )
        return remarks

    # -- contacts -----------------------------------------------------------------------------

    def _contacts(self, days):
        """Contacts logged on these days, by kind.

        :return: list of dict: ``name``, ``counts`` (one a day), ``total``; the last one sums up.
            Empty where nothing was logged
        """
        zone = pytz.timezone(self.company_id.funnel_tz)
        first, after = (
            self.env["crm.timetable"]._moment(zone, day, 0)
            for day in (days[0], days[-1] + timedelta(days=1))
        )
        logs = self.env["crm.contact.log"].search_fetch(
            [
                ("user_id", "=", self.user_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "done"),
                ("date", ">=", first),
                ("date", "<", after),
            ],
            ["date", "kind"],
        )
        if not logs:
            return []
        counts = defaultdict(int)
        for log in logs:
            counts[log.kind, self.company_id._funnel_date(log.date)] += 1
        names = dict(logs._fields["kind"]._description_selection(self.env))
        rows = [
            {"name": names[kind], "counts": [counts[kind, day] for day in days]}
            for kind, _name in KINDS
        ]
        rows.append(
            {
                "name": self.env._("All contacts"),
                "counts": [sum(counts[kind, day] for kind, _name in KINDS) for day in days],
            }
        )
        return [{**row, "total": sum(row["counts"])} for row in rows if any(row["counts"])]
