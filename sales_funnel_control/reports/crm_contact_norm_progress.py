from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.crm_contact_norm_progress import STATES

# Where a manager stands is said by the worst of their norms.
_WORST_FIRST = [state for state, _label in STATES]


class CrmContactNormProgress(models.Model):
    """How the managers stand this week: one row per manager who owes something."""

    _name = "crm.contact.norm.progress"
    _inherit = "crm.manager.report.mixin"
    _description = "Norms This Week"
    _auto = False
    _order = "team_id, user_id, id"
    _rec_name = "user_id"

    week_start = fields.Date("Week", readonly=True)
    lines = fields.Json(compute="_compute_standing")
    week_text = fields.Char("This Week", compute="_compute_standing")
    today_text = fields.Char("Today", compute="_compute_standing")
    days_text = fields.Char("Working Days", compute="_compute_standing")
    state = fields.Selection(
        STATES,
        "Status",
        compute="_compute_standing",
        search="_search_state",
        help="Behind: a whole contact is missing to the part of the norm that the working time "
        "passed so far stands for.",
    )

    _depends = {"crm.contact.norm.week": ["user_id", "week_start", "team_id", "kind"]}

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT MIN(week.id) AS id, week.company_id, week.user_id, week.week_start,
                   MIN(week.team_id) AS team_id, MIN(week.sales_role) AS sales_role,
                   MIN(week.grade) AS grade
              FROM crm_contact_norm_week week
              JOIN res_company company ON company.id = week.company_id
             WHERE week.week_start = %s
          GROUP BY week.company_id, week.user_id, week.week_start
            """,
            self.env["crm.lead.stage.history"]._week_sql(
                SQL("%s::timestamp", fields.Datetime.now()), SQL("company.funnel_tz")
            ),
        )

    @api.depends("user_id", "company_id", "week_start")
    def _compute_standing(self):
        rows = (
            self.env["crm.contact.norm.week"]
            .sudo()
            .search(
                [
                    ("user_id", "in", self.user_id.ids),
                    ("company_id", "in", self.company_id.ids),
                    ("week_start", "in", self.mapped("week_start")),
                ]
            )
        )
        by_key = rows.grouped(lambda row: (row.company_id, row.user_id))
        progress = rows._progress()
        for manager in self:
            key = manager.company_id.sudo(), manager.user_id.sudo()
            lines = progress[key]
            manager.lines = lines
            manager.state = min((line["state"] for line in lines), key=_WORST_FIRST.index)
            manager.week_text = " · ".join(f"{line['label']} {line['figures']}" for line in lines)
            manager.today_text = " · ".join(
                f"{line['label']} {line['today']}" for line in lines if line["today"]
            )
            manager.days_text = by_key[key][0]._days_text()

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain(
            "id", "in", self.search(Domain.TRUE).filtered(lambda row: row.state in value).ids
        )

    def action_open_contacts(self):
        """Open the contacts of the week."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Contacts of %(manager)s", manager=self.user_id.name),
            "res_model": "crm.contact.log",
            "view_mode": "list,form",
            "domain": [
                ("user_id", "=", self.user_id.id),
                ("company_id", "=", self.company_id.id),
                ("week_start", "=", fields.Date.to_string(self.week_start)),
                ("state", "=", "done"),
            ],
        }
