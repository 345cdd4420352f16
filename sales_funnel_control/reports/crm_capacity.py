from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import working_time

_WEEK = timedelta(days=6)


class CrmCapacity(models.Model):
    """Enough people? The load of each manager this week, and the clients nobody works.

    One row for each member of a team, and one for the team's clients without a manager.
    """

    _name = "crm.capacity"
    _inherit = "crm.manager.report.mixin"
    _description = "Capacity"
    _auto = False
    _order = "team_id, user_id NULLS LAST, id"
    _rec_name = "user_id"

    clients = fields.Integer(
        "Clients in Work", compute="_compute_load", help="Deals in work in this team."
    )
    contacts_by_rule = fields.Float(
        "Contacts by the Rules",
        compute="_compute_load",
        digits=(16, 1),
        help="Clients in work × contacts per client and week of the settings.",
    )
    contacts_planned = fields.Float(
        compute="_compute_load",
        digits=(16, 1),
        help="Meetings and calls of this week in accepted sales plans.",
    )
    contacts_needed = fields.Float(
        compute="_compute_load",
        digits=(16, 1),
        help="This week: by the rules or by the plan, whichever asks for more.",
    )
    capacity = fields.Float(
        compute="_compute_load",
        digits=(16, 1),
        help="Contacts the manager can make this week: the norms that no plan brought, else the "
        "contacts of a full week of the settings; less for public holidays, time off and trainees "
        "who are still learning.",
    )
    load = fields.Float(
        "Load, %",
        compute="_compute_load",
        digits=(16, 0),
        help="Contacts needed ÷ capacity, times 100.",
    )
    load_state = fields.Selection(
        [("free", "Has Room"), ("full", "Full"), ("over", "Too Much")],
        "Status",
        compute="_compute_load",
        help="Full from 80 per cent, too much over 100.",
    )
    people_needed = fields.Float(
        compute="_compute_load",
        digits=(16, 1),
        help="Managers with a full week that the contacts take.",
    )
    days_text = fields.Char("This Week", compute="_compute_load")
    neglected = fields.Integer(
        "Nobody Works",
        compute="_compute_neglected",
        help="Clients without a manager, and clients with whom nothing is planned and for the days "
        "of the settings nobody talked.",
    )

    _depends = {
        "crm.team.member": ["active", "crm_team_id", "user_id", "sales_role", "grade"],
        "crm.lead": ["active", "company_id", "stage_id", "team_id", "type", "user_id"],
        "crm.team": ["active", "company_id", "use_opportunities"],
    }

    @property
    def _table_query(self):
        """Members, those who have clients though they are none, and clients without a manager."""
        return SQL(
            """
            SELECT (place.team_id::bigint * 1048576 + COALESCE(place.user_id, 0)) * 1024
                   + place.company_id AS id,
                   place.company_id, place.team_id, place.user_id,
                   member.sales_role, member.grade
              FROM (
                    SELECT member.crm_team_id AS team_id, member.user_id,
                           COALESCE(team.company_id, manager.company_id) AS company_id
                      FROM crm_team_member member
                      JOIN crm_team team ON team.id = member.crm_team_id
                      JOIN res_users manager ON manager.id = member.user_id
                     WHERE member.active AND team.active AND team.use_opportunities
                       AND manager.active
                     UNION
                    SELECT lead.team_id, lead.user_id,
                           COALESCE(lead.company_id, team.company_id, manager.company_id, %s)
                      FROM crm_lead lead
                      JOIN crm_team team ON team.id = lead.team_id
                 LEFT JOIN res_users manager ON manager.id = lead.user_id
                     WHERE lead.active AND lead.type = 'opportunity'
                       AND lead.won_status = 'pending'
                       AND team.active AND team.use_opportunities
                   ) place
         LEFT JOIN LATERAL (
                    SELECT membership.sales_role, membership.grade
                      FROM crm_team_member membership
                     WHERE membership.crm_team_id = place.team_id
                       AND membership.user_id = place.user_id
                       AND membership.active
                  ORDER BY membership.id
                     LIMIT 1
                   ) member ON TRUE
            """,
            self.env.company.id,
        )

    # -- load ---------------------------------------------------------------------------------

    @api.depends("company_id", "team_id", "user_id")
    def _compute_load(self):
        planner = self.env["crm.sales.planner"]
        planned = self._planned()
        counts = {
            (team, company): planner._client_counts(team, company)
            for team, rows in self.grouped("team_id").items()
            for company in rows.company_id
        }
        loads = {}
        for company, rows in self.grouped("company_id").items():
            monday = working_time.monday(company._funnel_today())
            people = [(company, user) for user in rows.user_id.sudo()]
            loads.update(planner._loads(people, monday, monday + _WEEK) if people else {})
        for row in self:
            company = row.company_id
            monday = working_time.monday(company._funnel_today())
            clients = counts[row.team_id, company].get(row.user_id, 0)
            by_rule = clients * company.sudo().capacity_contacts_per_client
            plan = planned.get((row.team_id, row.user_id, company), 0.0)
            load = loads.get((company, row.user_id))
            row.clients = clients
            row.contacts_by_rule = by_rule
            row.contacts_planned = plan
            row.contacts_needed = max(by_rule, plan)
            row.capacity = load.capacity(monday, monday + _WEEK) if load else 0.0
            row._rate(load, monday)

    def _rate(self, load, monday):
        full_week = load.full_week if load else self.company_id.sudo().capacity_contacts_per_week
        self.people_needed = self.contacts_needed / full_week
        self.load = 100 * self.contacts_needed / self.capacity if self.capacity else 0.0
        overdone = self.contacts_needed > self.capacity
        if not load:
            # Nobody is there to be overloaded.
            self.load_state = self.days_text = False
            return
        self.load_state = "over" if overdone else "full" if self.load >= 80 else "free"
        days = load.presence.days(monday, monday + _WEEK)
        normal = load.presence.normal_days(monday, monday + _WEEK)
        ramp = load.ramp < 1 and self.env._("learning: %(share)s %%", share=int(100 * load.ramp))
        absent = days < normal and self.env._(
            "%(days)g of %(normal)g days", days=days, normal=normal
        )
        self.days_text = ", ".join(text for text in (absent, ramp) if text)

    def _planned(self):
        """Contacts of this week in accepted plans, by ``(team, manager, company)``."""
        mondays = {working_time.monday(company._funnel_today()) for company in self.company_id}
        return {
            (team, user, company): (meetings or 0.0) + (calls or 0.0)
            for team, user, company, meetings, calls in self.env["crm.sales.plan.line"]
            .sudo()
            ._read_group(
                [
                    ("state", "=", "accepted"),
                    ("team_id", "in", self.team_id.ids),
                    ("week_start", "in", list(mondays)),
                ],
                ["team_id", "user_id", "company_id"],
                ["meetings:sum", "calls:sum"],
            )
        }

    # -- clients nobody works -----------------------------------------------------------------

    @api.depends("company_id", "team_id", "user_id")
    def _compute_neglected(self):
        leads = self.env["crm.lead"].sudo()
        counts = {}
        for team, rows in self.grouped("team_id").items():
            for company in rows.company_id:
                domain = self._neglected_domain(team, company)
                for user, count in leads._read_group(domain, ["user_id"], ["__count"]):
                    counts[team, user, company] = count
        for row in self:
            row.neglected = counts.get((row.team_id, row.user_id, row.company_id), 0)

    @api.model
    def _neglected_domain(self, team, company):
        """Clients in work without a manager, or with whom nothing is planned and nobody talked."""
        days = company.sudo().capacity_neglected_days
        since = company._funnel_today() - timedelta(days=days)
        talked = Domain("contact_log_ids", "any", [("state", "=", "done"), ("day", ">=", since)])
        alone = Domain("next_step_state", "=", "none") & Domain("date_open", "<", since) & ~talked
        in_work = self.env["crm.sales.planner"]._pipeline_domain(team, company)
        return in_work & (Domain("user_id", "=", False) | alone)

    # -- actions ------------------------------------------------------------------------------

    def action_open_neglected(self):
        """Open the clients nobody works."""
        return self._open_leads(
            self.env._("Clients Nobody Works"),
            Domain.OR(
                self._neglected_domain(row.team_id, row.company_id)
                & Domain("user_id", "=", row.user_id.id)
                for row in self
            ),
        )

    def action_open_clients(self):
        """Open the clients in work."""
        planner = self.env["crm.sales.planner"]
        return self._open_leads(
            self.env._("Clients in Work"),
            Domain.OR(
                planner._pipeline_domain(row.team_id, row.company_id)
                & Domain("user_id", "=", row.user_id.id)
                for row in self
            ),
        )

    def _open_leads(self, name, domain):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "crm.lead",
            "view_mode": "list,kanban,form",
            "domain": list(domain),
        }
