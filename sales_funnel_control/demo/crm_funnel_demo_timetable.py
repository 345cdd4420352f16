from datetime import timedelta

import pytz

from odoo import api, fields, models

_ADDON = "sales_funnel_control"
_LOGINS = ("ivanov", "sidorov", "petrova", "orlova")
_STUDIED_DAYS = 3
# Ivanov's days: minutes since midnight when he began something; None stops the clock. The calls
# before noon are eaten by documents that nobody asked him for.
_IVANOV = (
    (
        ((540, "standup", ""), (563, "documents", "Offer for a client, by hand"),
         (642, "telemarketing", ""), (663, "meetings", ""), (780, None, ""),
         (840, "meetings", ""), (1015, "documents", "Minutes of the meetings"), (1092, None, "")),
        (),
    ),
    (
        ((542, "standup", ""), (565, "documents", "Contract, third version"),
         (635, "telemarketing", ""), (660, "meetings", ""), (775, None, ""),
         (840, "meetings", ""), (1005, "documents", "Contract, fourth version"),
         (1095, None, "")),
        (("way", 15, "To the client"),),
    ),
    (
        ((541, "standup", ""), (562, "documents", "Delivery papers"), (648, "telemarketing", ""),
         (660, "meetings", ""), (785, None, ""), (841, "meetings", ""),
         (1020, "documents", "Offer for a client, by hand")),
        (),
    ),
)  # fmt: skip
_PETROVA_TODAY = (
    (190, "standup"), (170, "client_study"), (75, "telemarketing"),
)  # fmt: skip


class CrmFunnelDemo(models.AbstractModel):
    """Timetables in the calendars, a time study that tells a story, one under way."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _plan_weeks(self):
        """The managers have this week and the next one in their calendars."""
        company = self.env.ref("base.main_company")
        today = company._funnel_today()
        users = self.env["res.users"].union(
            *(self.env.ref(f"{_ADDON}.user_{login}") for login in _LOGINS)
        )
        self.env["crm.timetable.apply"].create(
            {
                "company_id": company.id,
                "user_ids": users.ids,
                "date_from": today,
                "date_to": today + timedelta(weeks=1),
            }
        ).action_apply()

    @api.model
    def _study_time(self):
        """Ivanov's study of the last working days is finished, Petrova's is under way."""
        company = self.env.ref("base.main_company")
        head = self.env.ref(f"{_ADDON}.user_smirnova")
        today = company._funnel_today()
        days = self._working_days_before(today, _STUDIED_DAYS)
        study = self._ask_for(
            "ivanov", head, company, days[0], days[-1], "Why are there so few calls before noon?"
        )
        for day, (taps, added) in zip(days, _IVANOV, strict=True):
            self._note_day(study, day, taps)
            for kind, minutes, note in added:
                self._note(study, kind, day=day, minutes=minutes, note=note)
        study.sudo()._close_forgotten()
        ended = self._moment_of(study, days[-1], 20 * 60)
        study.sudo()._finish(ended)
        self._study_petrova(company, head, today)

    def _study_petrova(self, company, head, today):
        coming = today + timedelta(days=1)
        while coming.weekday() > 4:
            coming += timedelta(days=1)
        [before] = self._working_days_before(today, 1)
        afternoon = "training" if before.weekday() == 4 else "meetings"
        study = self._ask_for(
            "petrova", head, company, before, coming, "Is two hours of telemarketing a day enough?"
        )
        self._note_day(
            study,
            before,
            ((540, "standup", ""), (562, "client_study", ""), (668, "telemarketing", ""),
             (785, None, ""), (840, afternoon, ""), (1005, "documents", ""), (1075, None, "")),
        )  # fmt: skip
        now = fields.Datetime.now().replace(second=0)
        midnight = self._moment_of(study, today, 0)
        moments = [
            (max(now - timedelta(minutes=ago), midnight), kind) for ago, kind in _PETROVA_TODAY
        ]
        stops = [moment for moment, _kind in moments[1:]] + [False]
        for (start, kind), stop in zip(moments, stops, strict=True):
            self._note(study, kind, start=start, stop=stop)
        study.sudo().state = "running"

    def _ask_for(self, login, head, company, date_from, date_to, purpose):
        return (
            self.env["crm.time.study"]
            .with_user(head)
            .create(
                {
                    "user_id": self.env.ref(f"{_ADDON}.user_{login}").id,
                    "company_id": company.id,
                    "date_from": date_from,
                    "date_to": date_to,
                    "purpose": purpose,
                }
            )
        )

    def _note_day(self, study, day, taps):
        stops = [self._moment_of(study, day, minutes) for minutes, _kind, _note in taps[1:]] + [
            False
        ]
        for (minutes, kind, note), stop in zip(taps, stops, strict=True):
            if kind:
                start = self._moment_of(study, day, minutes)
                self._note(study, kind, start=start, stop=stop, note=note)

    def _note(self, study, kind, **values):
        kind_id = self.env.ref(f"{_ADDON}.time_kind_{kind}").id
        self.env["crm.time.study.entry"].create(
            {"study_id": study.id, "kind_id": kind_id, **values}
        )

    def _moment_of(self, study, day, minutes):
        zone = pytz.timezone(study.company_id.funnel_tz)
        return study.timetable_id._moment(zone, day, minutes)

    @staticmethod
    def _working_days_before(today, count):
        """The last Mondays to Fridays before a day, in order."""
        days = []
        day = today
        while len(days) < count:
            day -= timedelta(days=1)
            if day.weekday() <= 4:
                days.insert(0, day)
        return days
