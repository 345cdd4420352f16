from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class Facts(NamedTuple):
    """What counts about a lead when it is distributed.

    ``existing_in`` has the ids of the companies where the client is an existing one, as far as
    they can matter: the lead's company, or all that distribute where the lead has none yet.
    """

    company_id: int | bool
    lead_class: str | bool
    existing_in: frozenset
    is_cold: bool
    farmer_id: int | bool


class CrmLead(models.Model):
    """Says where a lead is with somebody whom the rules of distribution do not give it."""

    _inherit = "crm.lead"

    assignment_objection = fields.Char(
        "Outside the Rules Because",
        compute="_compute_assignment_objection",
        help="Why the rules of distribution would not give this lead to its manager.",
    )
    is_outside_assignment_rule = fields.Boolean(
        "Outside the Distribution Rules",
        compute="_compute_assignment_objection",
        search="_search_is_outside_assignment_rule",
        help="In work with a manager whose role or grade does not take such leads, or who is not "
        "the farmer in charge of the client.",
    )

    @api.depends(
        "active",
        "company_id",
        "email_from",
        "lead_class",
        "partner_id",
        "stage_id",
        "team_id",
        "user_id",
        "won_status",
    )
    def _compute_assignment_objection(self):
        objections = self._assignment_objections()
        for lead in self:
            lead.assignment_objection = objections.get(lead, False)
            lead.is_outside_assignment_rule = lead in objections

    def _search_is_outside_assignment_rule(self, operator, value):
        if operator != "in":
            return NotImplemented
        if not self._distributing_company_ids():
            outside = Domain.FALSE
        else:
            self._flush_for_distribution()
            outside = Domain("id", "in", self._outside_rules_sql())
        return Domain.OR(outside if wanted else ~outside for wanted in value)

    @api.onchange("user_id", "team_id", "partner_id", "lead_class")
    def _onchange_outside_rules(self):
        """Warn, without standing in the way, of a manager who does not take such leads."""
        if not self.assignment_objection or not (self.name or self.partner_id):
            return None
        return {
            "warning": {
                "title": self.env._("Outside the distribution rules"),
                "message": self.assignment_objection,
                "type": "notification",
            }
        }

    # -- objections ---------------------------------------------------------------------------

    def _distributing_company_ids(self):
        companies = self.env["res.company"]
        return companies._switched_on("distribution_by_role") | companies._switched_on(
            "handover_to_farmer"
        )

    def _assignment_objections(self):
        """Why leads in work are not for their managers, by lead; those that are, are left out."""
        if not self._distributing_company_ids():
            return {}
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        owned = self.filtered(
            lambda lead: lead.user_id and lead.active and lead.won_status == "pending"
        )
        facts = owned._distribution_facts()
        members = owned._members()
        objections = {}
        for lead in owned.sudo():
            text = lead._objection_to(members.get(lead), facts[lead])
            if text:
                objections[lead] = text
        return objections

    def _objection_to(self, member, facts):
        """Why the rules would not give the lead to its manager, as a sentence; None if they do.

        :param member: the manager's membership in the team, None without one
        """
        companies = self.env["res.company"]
        company_id = facts.company_id
        if facts.farmer_id:
            if (
                facts.farmer_id == self.user_id._origin.id
                or company_id not in companies._switched_on("handover_to_farmer")
            ):
                return None
            farmer = self.env["res.users"].browse(facts.farmer_id)
            return self.env._("%(farmer)s is in charge of this client.", farmer=farmer.name)
        if not member or company_id not in companies._switched_on("distribution_by_role"):
            return None
        terms = self.env["crm.assignment.rule"]._terms(company_id, member.sales_role, member.grade)
        code = terms and terms.objection(facts, company_id)
        return self._objection_text(code, member, terms) if code else None

    def _objection_text(self, code, member, terms):
        who = {"manager": self.user_id.name, "role": member._position()}
        if code == "class":
            labels = {
                **dict(self._fields["lead_class"]._description_selection(self.env)),
                False: self.env._("no class"),
            }
            return self.env._(
                "%(manager)s (%(role)s) takes leads of these classes: %(classes)s. "
                "This one: %(lead_class)s.",
                classes=", ".join(label for key, label in labels.items() if key in terms.classes),
                lead_class=labels[self.lead_class],
                **who,
            )
        if code == "new":
            return self.env._(
                "%(manager)s (%(role)s) takes new clients; this one has bought before.", **who
            )
        if code == "existing":
            return self.env._(
                "%(manager)s (%(role)s) takes existing clients; this one has not bought yet.",
                **who,
            )
        return self.env._(
            "%(manager)s (%(role)s) does cold work; this client is past the first work block.",
            **who,
        )

    # -- facts --------------------------------------------------------------------------------

    def _distribution_facts(self):
        """:class:`Facts` by lead."""
        clients = self._clients()
        existing = self._existing_in(
            {client.id for client in clients.values() if client},
            self.env["res.company"]._switched_on("distribution_by_role"),
        )
        facts = {}
        for lead, client in clients.items():
            company = lead._deal_company()._origin
            existing_in = existing.get(client.id, frozenset())
            facts[lead] = Facts(
                company.id,
                lead.lead_class,
                existing_in & {company.id} if company else existing_in,
                lead.stage_id.work_block == "1",
                client._farmer_for(company).id,
            )
        return facts

    def _members(self):
        """The membership of each lead's manager in the lead's team, by lead."""
        members = self.env["crm.team.member"].sudo().with_context(active_test=True)
        found = {}
        for member in members.search(
            [
                ("crm_team_id", "in", self.team_id._origin.ids),
                ("user_id", "in", self.user_id._origin.ids),
            ],
            order="id desc",
        ):
            found[member.crm_team_id, member.user_id] = member
        return {
            lead: found[lead.team_id._origin, lead.user_id._origin]
            for lead in self.sudo()
            if (lead.team_id._origin, lead.user_id._origin) in found
        }

    def _flush_for_distribution(self):
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        self._flush_for_clients()
        self.env["crm.lead"].flush_model()
        self.env["crm.stage"].flush_model(["work_block"])
        self.env["crm.team"].flush_model(["company_id"])
        for name in ("crm.team.member", "crm.assignment.rule"):
            self.env[name].flush_model()
        self.env["res.users"].flush_model(["active", "company_id", "company_ids"])

    def _outside_rules_sql(self):
        """Ids of the leads in work to which :meth:`_objection_to` objects."""
        companies = self.env["res.company"]
        return SQL(
            """(
            SELECT lead.id
              FROM crm_lead lead
              JOIN res_users manager ON manager.id = lead.user_id
         LEFT JOIN crm_team team ON team.id = lead.team_id
         LEFT JOIN crm_stage stage ON stage.id = lead.stage_id
              JOIN res_company company
                ON company.id = COALESCE(lead.company_id, team.company_id, manager.company_id)
         LEFT JOIN res_partner partner ON partner.id = lead.partner_id
         LEFT JOIN LATERAL (
                    SELECT namesake.commercial_partner_id
                      FROM res_partner namesake
                     WHERE lead.partner_id IS NULL
                       AND namesake.email_normalized = lead.email_normalized
                       AND namesake.active
                       AND COALESCE(namesake.company_id, company.id) = company.id
                  ORDER BY namesake.id
                     LIMIT 1
                   ) known ON TRUE
         LEFT JOIN res_partner client
                ON client.id
                 = COALESCE(partner.commercial_partner_id, known.commercial_partner_id)
         LEFT JOIN res_users farmer
                ON farmer.id = client.farmer_id
               AND farmer.active
               AND EXISTS (
                    SELECT FROM res_company_users_rel allowed
                     WHERE allowed.user_id = farmer.id AND allowed.cid = company.id
                   )
         LEFT JOIN LATERAL (
                    SELECT rule.*
                      FROM crm_team_member member
                      JOIN crm_assignment_rule rule
                        ON rule.sales_role = member.sales_role
                       AND rule.active
                       AND COALESCE(rule.grade, member.grade) = member.grade
                       AND COALESCE(rule.company_id, company.id) = company.id
                     WHERE member.crm_team_id = lead.team_id
                       AND member.user_id = lead.user_id
                       AND member.active
                  ORDER BY member.id, rule.company_id IS NULL, rule.grade IS NULL
                     LIMIT 1
                   ) rule ON TRUE
             WHERE lead.active
               AND lead.won_status = 'pending'
               AND CASE
                   WHEN farmer.id IS NOT NULL
                   THEN farmer.id <> lead.user_id AND company.id = ANY(%(handing)s)
                   WHEN rule.id IS NULL OR company.id <> ALL(%(ruled)s)
                   THEN FALSE
                   ELSE NOT CASE lead.lead_class
                            WHEN 'a' THEN COALESCE(rule.takes_a, FALSE)
                            WHEN 'b' THEN COALESCE(rule.takes_b, FALSE)
                            WHEN 'c' THEN COALESCE(rule.takes_c, FALSE)
                            ELSE COALESCE(rule.takes_unclassed, FALSE)
                        END
                        OR rule.is_cold_only AND stage.work_block IS DISTINCT FROM '1'
                        OR rule.clients <> 'any' AND (rule.clients = 'new') = %(is_existing)s
                   END
            )""",
            handing=list(companies._switched_on("handover_to_farmer")),
            ruled=list(companies._switched_on("distribution_by_role")),
            is_existing=self._is_existing_sql(),
        )
