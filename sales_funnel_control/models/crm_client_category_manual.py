from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .crm_client import CLIENT_CATEGORIES

# Nobody is blacklisted, or has never bought, because somebody says so here.
MANUAL_CATEGORIES = [each for each in CLIENT_CATEGORIES if each[0] not in ("blacklisted",)]


class CrmClient(models.Model):
    """The category that a manager set by hand, against the rules."""

    _inherit = "crm.client"

    manual_category = fields.Selection(
        MANUAL_CATEGORIES,
        "Set by Hand",
        readonly=True,
        help="Holds instead of what the rules say; a blacklisted client is blacklisted all the "
        "same.",
    )
    manual_reason = fields.Char("Why", readonly=True)
    manual_by_id = fields.Many2one("res.users", "Set by", readonly=True)
    manual_on = fields.Date("Set on", readonly=True)
    manual_until = fields.Date(
        "Until", readonly=True, help="The last day it holds; empty: until it is taken back."
    )
    may_set_category = fields.Boolean(compute="_compute_may_set_category")

    @api.depends_context("uid")
    @api.depends("team_id")
    def _compute_may_set_category(self):
        for client in self:
            client.may_set_category = client._may_set_category()

    # -- actions ------------------------------------------------------------------------------

    def action_set_category(self, category, reason, until=None):
        """Set the category of clients by hand.

        :param str category: ``potential``, ``buyer``, ``regular``, ``key`` or ``lost``
        :param str reason: why the rules are wrong here
        :param until: the last day it holds (date, or ``YYYY-MM-DD``); None: until it is taken back
        :raise AccessError: for who neither administers sales nor leads the client's team
        :raise UserError: without a reason, with another category, or with a day that has passed
        """
        self._check_may_set_category()
        if category not in dict(MANUAL_CATEGORIES):
            raise UserError(
                self.env._(
                    "Choose one of the categories %(names)s.",
                    names=", ".join(
                        dict(
                            self._fields["manual_category"]._description_selection(self.env)
                        ).values()
                    ),
                )
            )
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say why this client is in another category."))
        until = self._to_day(until)
        for company, clients in self.sudo().grouped("company_id").items():
            today = company._funnel_today()
            if until and until < today:
                raise UserError(self.env._("That day has passed. Choose today or a later day."))
            clients.write(
                {
                    "manual_category": category,
                    "manual_reason": reason.strip(),
                    "manual_by_id": self.env.uid,
                    "manual_on": today,
                    "manual_until": until,
                }
            )
            clients._categorise(company, clients.ids)
        return True

    def action_take_back_category(self):
        """Let the rules decide again."""
        self._check_may_set_category()
        for company, clients in self.sudo().grouped("company_id").items():
            clients._forget_manual()
            clients._categorise(company, clients.ids)
        return True

    def action_open_category_set(self):
        """Open the wizard that sets the category by hand.

        :return: window action
        """
        self._check_may_set_category()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_client_category_set_action"
            ),
            "context": {"default_client_ids": self.ids},
        }

    def action_open_transitions(self):
        """Open what categories the client came from.

        :return: window action
        """
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_client_category_history_action"
            ),
            "domain": [("partner_id", "=", self.partner_id.id)],
            "context": {},
        }

    # -- rights and terms ---------------------------------------------------------------------

    def _may_set_category(self):
        """Whether the user sets the category of all of these by hand."""
        return (
            self.env.su
            or self.env.user.has_group("sales_team.group_sale_manager")
            or all(client.team_id.user_id == self.env.user for client in self.sudo())
        )

    def _check_may_set_category(self):
        self.check_access("read")
        if not self._may_set_category():
            raise AccessError(
                self.env._(
                    "Only the team's leader and sales administrators set the category of a client "
                    "by hand."
                )
            )

    def _to_day(self, value):
        try:
            return fields.Date.to_date(value) or False
        except ValueError as error:
            raise UserError(
                self.env._("“%(value)s” is no day. Write it as 2026-12-31.", value=value)
            ) from error

    def _forget_manual(self):
        self.write(
            dict.fromkeys(
                ("manual_category", "manual_reason", "manual_by_id", "manual_on", "manual_until"),
                False,
            )
        )

    @api.model
    def _nightly_categories(self, company, after_id):
        """Those whose time is over are forgotten before the rules decide anew."""
        if not after_id:
            self.sudo().search(
                [
                    ("company_id", "=", company.id),
                    ("manual_until", "<", company._funnel_today()),
                    ("manual_category", "!=", False),
                ]
            )._forget_manual()
        return super()._nightly_categories(company, after_id)
