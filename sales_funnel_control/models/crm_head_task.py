from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import working_time
from .crm_team_member import GRADES, SALES_ROLES

TASK_STATES = [
    ("open", "Open"),
    ("overdue", "Overdue"),
    ("in_time", "Done in Time"),
    ("late", "Done Late"),
    ("withdrawn", "Withdrawn"),
]
_ALL = "sales_team.group_sale_salesman_all_leads"
# What the manager's activity repeats of the task.
_SHARED = {"name", "note", "date_due", "user_id"}


class CrmHeadTask(models.Model):
    """A task that the head of sales set to a manager.

    To the manager it is an activity like all others: on the deal or the client it is about, or on
    the task itself. The task keeps what an activity forgets: the day the head set, though the
    manager may put the activity off; the moment it was done; and that it was set at all, though
    the activity or the deal is deleted.
    """

    _name = "crm.head.task"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Task from the Head"
    _order = "date_due desc, id desc"
    # Who may read a task may talk about it.
    _mail_post_access = "read"

    name = fields.Char("What Is to Be Done", required=True, tracking=True)
    note = fields.Text(help="What the manager needs to know.")
    user_id = fields.Many2one(
        "res.users",
        "Manager",
        required=True,
        ondelete="restrict",
        tracking=True,
        domain=lambda self: list(self._managers_domain()),
    )
    set_by_id = fields.Many2one(
        "res.users",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        compute="_compute_team_id",
        store=True,
        precompute=True,
        ondelete="set null",
        index="btree_not_null",
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        required=True,
        ondelete="cascade",
    )
    sales_role = fields.Selection(
        SALES_ROLES, "Role", compute="_compute_sales_role", store=True, precompute=True
    )
    grade = fields.Selection(GRADES, compute="_compute_sales_role", store=True, precompute=True)
    lead_id = fields.Many2one(
        "crm.lead", "Deal", ondelete="set null", index="btree_not_null", tracking=True
    )
    partner_id = fields.Many2one(
        "res.partner", "Client", ondelete="set null", index="btree_not_null", tracking=True
    )
    date_due = fields.Date(
        "Due",
        required=True,
        tracking=True,
        default=lambda self: self.env.company._funnel_today(),
        help="The day that counts. It stays when the manager puts the activity off.",
    )
    week_start = fields.Date(
        "Week",
        compute="_compute_week_start",
        store=True,
        help="Monday of the week the task is due in.",
    )
    done_at = fields.Datetime("Done On", readonly=True, copy=False, tracking=True)
    withdrawn_at = fields.Datetime("Withdrawn On", readonly=True, copy=False, tracking=True)
    task_activity_ids = fields.One2many(
        "mail.activity", "head_task_id", "Activity", context={"active_test": False}, copy=False
    )
    date_planned = fields.Date(
        "Put Off To",
        compute="_compute_date_planned",
        help="The day the manager put the activity off to, later than it is due.",
    )
    state = fields.Selection(
        TASK_STATES,
        "Status",
        compute="_compute_state",
        search="_search_state",
        help="In time: done on the day it was due, or before, in the company's time zone.",
    )
    may_change = fields.Boolean(compute="_compute_may_change")

    _user_week_idx = models.Index("(user_id, week_start)")
    _one_subject = models.Constraint(
        "CHECK (lead_id IS NULL OR partner_id IS NULL)",
        "A task is about a deal or about a client: leave one of them empty.",
    )

    # -- computes -----------------------------------------------------------------------------

    @api.depends("user_id")
    def _compute_team_id(self):
        """A team of the manager's that the head leads; else the manager's own."""
        for task in self:
            teams = task.user_id.sudo().crm_team_ids
            led = teams.filtered(lambda team, head=task.set_by_id: team.user_id == head)
            task.team_id = led[:1] or task.user_id.sudo().sale_team_id

    @api.depends("user_id", "team_id")
    def _compute_company_id(self):
        for task in self:
            task.company_id = (
                task.team_id.sudo().company_id or task.user_id.sudo().company_id or self.env.company
            )

    @api.depends("user_id", "team_id")
    def _compute_sales_role(self):
        members = (
            self.env["crm.team.member"]
            .sudo()
            .search([("user_id", "in", self.user_id.ids)], order="id desc")
        )
        by_key = {(member.user_id, member.crm_team_id): member for member in members}
        for task in self:
            member = by_key.get((task.user_id.sudo(), task.team_id.sudo()))
            task.sales_role = member and member.sales_role
            task.grade = member and member.grade

    @api.depends("date_due")
    def _compute_week_start(self):
        for task in self:
            task.week_start = task.date_due and working_time.monday(task.date_due)

    @api.depends("date_due", "task_activity_ids.date_deadline", "task_activity_ids.active")
    def _compute_date_planned(self):
        for task in self:
            pending = task.sudo().task_activity_ids.filtered("active")[:1]
            is_later = pending and task.date_due and pending.date_deadline > task.date_due
            task.date_planned = is_later and pending.date_deadline

    @api.depends("date_due", "done_at", "withdrawn_at", "company_id")
    def _compute_state(self):
        found = {}
        if self._origin:
            self.flush_model(["date_due", "done_at", "withdrawn_at", "company_id"])
            rows = self.env.execute_query(
                SQL(
                    "SELECT task.id, %s FROM %s WHERE task.id = ANY(%s)",
                    self._state_sql(),
                    self._state_from_sql(),
                    self._origin.ids,
                )
            )
            found = dict(rows)
        for task in self:
            task.state = found.get(task._origin.id, "open")

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.flush_model(["date_due", "done_at", "withdrawn_at", "company_id"])
        found = SQL(
            "(SELECT task.id FROM %s WHERE %s = ANY(%s))",
            self._state_from_sql(),
            self._state_sql(),
            [state for state in value if state],
        )
        return Domain("id", "in", found)

    @api.depends_context("uid")
    @api.depends("user_id", "team_id", "set_by_id")
    def _compute_may_change(self):
        for task in self:
            task.may_change = task._is_head()

    # -- what a task has come to --------------------------------------------------------------

    @api.model
    def _state_from_sql(self):
        return SQL("crm_head_task task JOIN res_company company ON company.id = task.company_id")

    @api.model
    def _state_sql(self):
        """The status of the alias ``task``, of the alias ``company``, at this moment."""
        day = self.env["crm.lead.stage.history"]._local_date_sql
        zone = SQL("company.funnel_tz")
        return SQL(
            """
            CASE WHEN task.withdrawn_at IS NOT NULL THEN 'withdrawn'
                 WHEN %(done_on)s <= task.date_due THEN 'in_time'
                 WHEN task.done_at IS NOT NULL THEN 'late'
                 WHEN %(today)s <= task.date_due THEN 'open'
                 ELSE 'overdue'
            END
            """,
            done_on=day(SQL("task.done_at"), zone),
            today=day(SQL("%s::timestamp", fields.Datetime.now()), zone),
        )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        # The activity tells the manager.
        quiet = self.with_context(mail_auto_subscribe_no_notify=True)
        tasks = super(CrmHeadTask, quiet).create(vals_list).with_env(self.env)
        tasks._check_may_set()
        tasks._give()
        return tasks

    def write(self, vals):
        if not self.env.su:
            self._check_is_head()
        result = super().write(vals)
        if "user_id" in vals:
            self._check_may_set()
        if not (_SHARED.isdisjoint(vals) or self.env.context.get("is_told_by_task")):
            self._repeat_in_activities()
        return result

    def unlink(self):
        self.sudo()._drop_activities()
        return super().unlink()

    # -- actions ------------------------------------------------------------------------------

    def action_done(self):
        """Mark the tasks as done: the manager's button, and the head's."""
        self.check_access("read")
        pending = self.filtered(lambda task: task.state in ("open", "overdue"))
        foreign = pending.filtered(lambda task: task.user_id != self.env.user)
        foreign._check_is_head()
        activities = pending.sudo().task_activity_ids.filtered("active")
        activities.action_feedback()
        # The activity of the others was deleted.
        pending.sudo().filtered(lambda task: not task.done_at).done_at = fields.Datetime.now()
        return True

    def action_withdraw(self):
        """Withdraw the tasks: nobody has to do them any more, and they count for nobody."""
        self._check_is_head()
        pending = self.sudo().filtered(lambda task: task.state in ("open", "overdue"))
        pending.withdrawn_at = fields.Datetime.now()
        pending._drop_activities()
        return True

    def action_set_again(self):
        """Set tasks again that were withdrawn or done: they are open as before."""
        self._check_is_head()
        closed = self.sudo().filtered(lambda task: task.done_at or task.withdrawn_at)
        closed.write({"done_at": False, "withdrawn_at": False})
        closed.with_user(self.env.user)._give()
        return True

    def action_open_subject(self):
        """Open what the task is about: the deal, the client, or the task itself."""
        self.ensure_one()
        subject = self._subject()
        return {
            "type": "ir.actions.act_window",
            "name": subject.display_name,
            "res_model": subject._name,
            "res_id": subject.id,
            "views": [[False, "form"]],
        }

    # -- who may ------------------------------------------------------------------------------

    @api.model
    def _managers_domain(self):
        """Users the current one may set tasks to: colleagues whose time they may plan as well."""
        own = Domain("id", "!=", self.env.uid)
        return own & self.env["crm.timetable"]._managers_domain()

    def _check_may_set(self):
        """Refuse tasks to people one is not the head of."""
        if self.env.su:
            return
        managers = self.user_id
        foreign = managers - managers.filtered_domain(self._managers_domain())
        if foreign:
            raise AccessError(
                self.env._(
                    "Tasks are set by the head of a team: %(managers)s cannot be given one by you. "
                    "Choose managers of a team you lead.",
                    managers=", ".join(foreign.sudo().mapped("name")),
                )
            )

    def _is_head(self):
        """Whether the current user may change what the task asks for."""
        self.ensure_one()
        user = self.env.user
        if user.has_group(_ALL):
            return self.user_id != user or self.set_by_id == user
        heads = self.set_by_id | self.team_id.sudo().user_id
        return user in heads and self.user_id != user

    def _check_is_head(self):
        if not all(task._is_head() for task in self):
            raise AccessError(
                self.env._("Only the head who set a task, or leads the team, may change it.")
            )
