from odoo import api, fields, models

DECISION_ROLES = [
    ("decides", "Decides"),
    ("influences", "Influences the Decision"),
    ("pays", "Holds the Budget"),
    ("uses", "Uses the Product"),
    ("opposes", "Opposes"),
]
# What a person was in an organisation, and may be elsewhere afterwards.
_POST_FIELDS = {"parent_id", "function", "is_decision_maker", "decision_role", "is_company"}
# What a call needs to know of a person.
_CALL_FIELDS = {"name", "function", "is_decision_maker"}


class ResPartner(models.Model):
    """Who decides in an organisation, and who did before."""

    _inherit = "res.partner"

    is_decision_maker = fields.Boolean(
        "Decision Maker",
        tracking=True,
        groups="base.group_user",
        help="This person decides on the purchase. Calls count with decision makers only, whose "
        "first and last name and position are known.",
    )
    decision_role = fields.Selection(
        DECISION_ROLES,
        "Role in the Decision",
        tracking=True,
        groups="base.group_user",
        help="What the person's word means.",
    )
    decision_since = fields.Date(
        "In the Position Since",
        groups="base.group_user",
        help="Since when the person has had this position. What was before is kept.",
    )
    former_post_ids = fields.One2many(
        "crm.contact.post",
        "person_id",
        "Former Positions",
        groups="sales_team.group_sale_salesman",
    )
    former_people_ids = fields.One2many(
        "crm.contact.post",
        "organisation_id",
        groups="sales_team.group_sale_salesman",
        help="Decision makers and other people who were here before, and where to find them now.",
    )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        partners.sudo().filtered(
            lambda partner: partner.is_decision_maker and not partner.decision_since
        ).decision_since = self.env.company._funnel_today()
        return partners

    def write(self, vals):
        # Who writes may be a portal user, who does not see what the person's word means.
        former = {} if _POST_FIELDS.isdisjoint(vals) else self.sudo()._posts()
        result = super().write(vals)
        if former:
            self.sudo()._keep_former_posts(former, vals)
        if not _CALL_FIELDS.isdisjoint(vals):
            self.env["crm.contact.log"]._learn_person(self.sudo())
        return result

    # -- positions ----------------------------------------------------------------------------

    def _posts(self):
        """What each person is, and where."""
        return {
            partner: (
                partner.parent_id.commercial_partner_id,
                partner.function or False,
                partner.is_decision_maker,
                partner.decision_role,
            )
            for partner in self
            if not partner.is_company
        }

    def _keep_former_posts(self, former, vals):
        """Keep what the persons were before, where they are something else now."""
        today = self.env.company._funnel_today()
        now = self._posts()
        changed = [
            person
            for person, post in former.items()
            # A person of whom nothing was known has no former position; more knowledge of the
            # present one (its name, its role) is no new one.
            if person in now and self._is_another_post(post, now[person])
        ]
        self.env["crm.contact.post"].create(
            [
                {
                    "person_id": person.id,
                    "organisation_id": former[person][0].id,
                    "position": former[person][1],
                    "was_decision_maker": former[person][2],
                    "decision_role": former[person][3],
                    "date_from": person.decision_since,
                    "date_to": today,
                }
                for person in changed
            ]
        )
        started = self.browse(person.id for person in changed)
        if "decision_since" not in vals:
            new = self.filtered(
                lambda partner: partner.is_decision_maker and not partner.decision_since
            )
            (started | new).decision_since = today

    @staticmethod
    def _is_another_post(before, after):
        organisation, position, was_decision_maker, _role = before
        if organisation and organisation != after[0]:
            return True
        if position and position != after[1]:
            return True
        return bool(was_decision_maker and not after[2])
