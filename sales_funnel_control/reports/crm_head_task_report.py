from odoo import fields, models
from odoo.tools import SQL, Query

from ..models.crm_head_task import TASK_STATES

_RATE = "in_time_rate:avg"


class CrmHeadTaskReport(models.Model):
    """Tasks of the head, by manager and week due: in time, late, open or overdue.

    Judged are those that are done, and those whose day has passed; withdrawn ones are not here.
    """

    _name = "crm.head.task.report"
    _inherit = "crm.manager.report.mixin"
    _description = "Tasks in Time"
    _auto = False
    _rec_name = "task_id"
    _order = "date_due desc, id desc"

    task_id = fields.Many2one("crm.head.task", readonly=True)
    set_by_id = fields.Many2one("res.users", readonly=True)
    lead_id = fields.Many2one("crm.lead", "Opportunity", readonly=True)
    week_start = fields.Date(
        "Week (Monday)", readonly=True, help="Monday of the week the task was due in."
    )
    date_due = fields.Date("Due", readonly=True)
    state = fields.Selection(TASK_STATES, "Status", readonly=True)
    tasks = fields.Integer(readonly=True)
    in_time = fields.Integer("Done in Time", readonly=True)
    late = fields.Integer("Done Late", readonly=True)
    overdue = fields.Integer(readonly=True, help="Not done, and the day has passed.")
    pending = fields.Integer("Open", readonly=True, help="Not done, and the day is to come.")
    judged = fields.Integer(readonly=True, help="Done, or overdue.")
    in_time_rate = fields.Float(
        "In Time, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Done in time ÷ (done or overdue), times 100; in every total the sums are divided.",
    )

    _depends = {
        "crm.head.task": [
            "company_id",
            "date_due",
            "done_at",
            "grade",
            "lead_id",
            "sales_role",
            "team_id",
            "user_id",
            "week_start",
            "withdrawn_at",
        ],
        "res.company": ["funnel_tz"],
    }

    @property
    def _table_query(self):
        tasks = self.env["crm.head.task"]
        return SQL(
            """
            SELECT task.id, task.id AS task_id, task.company_id, task.user_id, task.set_by_id,
                   task.team_id, task.sales_role, task.grade, task.lead_id, task.week_start,
                   task.date_due, result.state,
                   1 AS tasks,
                   (result.state = 'in_time')::int AS in_time,
                   (result.state = 'late')::int AS late,
                   (result.state = 'overdue')::int AS overdue,
                   (result.state = 'open')::int AS pending,
                   (result.state <> 'open')::int AS judged,
                   CASE WHEN result.state <> 'open'
                        THEN 100.0 * (result.state = 'in_time')::int
                   END AS in_time_rate
              FROM %(tasks)s
        CROSS JOIN LATERAL (SELECT %(state)s AS state) result
             WHERE task.withdrawn_at IS NULL
            """,
            tasks=tasks._state_from_sql(),
            state=tasks._state_sql(),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec != _RATE:
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "100.0 * SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, "in_time", query),
            self._field_to_sql(self._table, "judged", query),
        )

    def action_open_tasks(self):
        """Open the tasks behind the rows."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Tasks"),
            "res_model": "crm.head.task",
            "view_mode": "list,form",
            "domain": [("id", "in", self.task_id.ids)],
        }
