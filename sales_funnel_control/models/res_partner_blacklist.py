from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import ormcache

from ..tools import defaults

_SALES = "sales_team.group_sale_salesman"
_BLACKLIST_FIELDS = (
    "is_sales_blacklisted",
    "sales_blacklist_reason",
    "sales_blacklisted_on",
    "sales_blacklisted_by_id",
)
# What decides whose person a contact is, and how a client is known.
_KNOWN_BY = {"parent_id", "is_company", "email", "commercial_partner_id"}


class ResPartner(models.Model):
    """The blacklist: clients nobody works with, why, since when and by whom."""

    _inherit = "res.partner"

    # ``is_blacklisted`` is Odoo's own, and about mass mailing.
    is_sales_blacklisted = fields.Boolean(
        "Blacklisted for Sales",
        tracking=True,
        copy=False,
        help="Nobody works with this client: no deal with it or its contact persons is opened, "
        "imported, taken over, moved on or reopened.",
    )
    sales_blacklist_reason = fields.Char(
        "Blacklisted Because",
        tracking=True,
        copy=False,
        groups=_SALES,
        help="Managers read it when they try to work with this client. Clients never do.",
        prefetch="funnel",
    )
    sales_blacklisted_on = fields.Date(
        "Blacklisted on", readonly=True, copy=False, groups=_SALES, prefetch="funnel"
    )
    sales_blacklisted_by_id = fields.Many2one(
        "res.users",
        "Blacklisted by",
        readonly=True,
        copy=False,
        groups=_SALES,
        prefetch="funnel",
    )

    client_blacklist_text = fields.Char(compute="_compute_client_blacklist_text", groups=_SALES)

    _sales_blacklisted_idx = models.Index("(id) WHERE is_sales_blacklisted")

    @api.depends("is_sales_blacklisted", "sales_blacklist_reason", "parent_id")
    def _compute_client_blacklist_text(self):
        listed = self._sales_blacklisted()
        for partner in self:
            partner.client_blacklist_text = partner in listed and partner._blacklist_sentence()

    @api.constrains("is_sales_blacklisted", "sales_blacklist_reason")
    def _check_sales_blacklist_reason(self):
        if self.env["crm.lead.refusal"]._is_enforcement_off():
            return
        for partner in self.sudo():
            if partner.is_sales_blacklisted and not (partner.sales_blacklist_reason or "").strip():
                raise ValidationError(
                    self.env._(
                        "Why does nobody work with %(client)s? Nobody is blacklisted without a "
                        "reason: write it beside.",
                        client=partner.display_name,
                    )
                )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        given = defaults.given(self, _BLACKLIST_FIELDS)
        vals_list = [{**given, **vals} for vals in vals_list] if given else vals_list
        if any(vals.get(name) for vals in vals_list for name in _BLACKLIST_FIELDS):
            self._check_may_blacklist()
            vals_list = [
                {**self._blacklist_stamp(), **vals} if vals.get("is_sales_blacklisted") else vals
                for vals in vals_list
            ]
        partners = super().create(vals_list)
        partners._forget_blacklist()
        return partners

    def write(self, vals):
        if any(
            self._fields[name].convert_to_write(partner[name], partner) != vals[name]
            for name in _BLACKLIST_FIELDS
            if name in vals
            for partner in self.sudo()
        ):
            self._check_may_blacklist()
        is_known_otherwise = not _KNOWN_BY.isdisjoint(vals)
        if is_known_otherwise:
            self._forget_blacklist()
        result = True
        for partners, values in self._blacklist_writes(vals):
            result = super(ResPartner, partners).write(values) and result
        if is_known_otherwise or "is_sales_blacklisted" in vals:
            self._forget_blacklist()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_blacklisted(self):
        """Who is deleted would be off the list, and could come back under the same address."""
        if any(self.sudo().mapped("is_sales_blacklisted")):
            self._check_may_blacklist()

    def unlink(self):
        self._forget_blacklist()
        return super().unlink()

    def _blacklist_writes(self, vals):
        """Say who blacklists, and when; of who is taken off only the chatter remains."""
        if "is_sales_blacklisted" not in vals:
            return [(self, vals)]
        known = self.sudo().filtered("is_sales_blacklisted").with_env(self.env)
        if vals["is_sales_blacklisted"]:
            writes = [(known, vals), (self - known, {**self._blacklist_stamp(), **vals})]
        else:
            nothing = dict.fromkeys(_BLACKLIST_FIELDS[1:], False)
            writes = [(known, {**vals, **nothing}), (self - known, vals)]
        return [(partners, values) for partners, values in writes if partners]

    @api.model
    def _blacklist_stamp(self):
        return {
            "sales_blacklisted_on": self.env.company._funnel_today(),
            "sales_blacklisted_by_id": self.env.uid,
        }

    def _check_may_blacklist(self):
        if not self.env.su and not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(self.env._("Only sales administrators blacklist a client."))

    # -- asking -------------------------------------------------------------------------------

    def _sales_blacklisted(self):
        """Those of the contacts nobody works with: they, or their organisation, are blacklisted."""
        ids, _emails = self._sales_blacklist()
        return self.filtered(lambda partner: partner._origin.id in ids)

    @api.model
    @ormcache()
    def _sales_blacklist(self):
        """Ids of all contacts nobody works with, and their normalized e-mails.

        Remembered, so that writing a lead needs no query to know.
        """
        partners = self.sudo().with_context(active_test=False)
        listed = partners.search([("is_sales_blacklisted", "=", True)])
        listed |= partners.search([("commercial_partner_id", "in", listed.ids)])
        return frozenset(listed.ids), frozenset(listed.mapped("email_normalized")) - {False}

    def _forget_blacklist(self):
        """Determine the blacklist anew where contacts that are on it were changed."""
        ids, _emails = self._sales_blacklist()
        if any(
            not ids.isdisjoint((partner.id, partner.commercial_partner_id.id))
            or partner.is_sales_blacklisted
            for partner in self.sudo()
        ):
            self.env.registry.clear_cache()

    def _blacklist_sentence(self):
        """Why nobody works with this contact, and who can change that."""
        self.ensure_one()
        partner = self.sudo()
        own, organisation = partner, partner.commercial_partner_id
        listed = own if own.is_sales_blacklisted else organisation
        return self.env._(
            "%(client)s is blacklisted since %(date)s: %(reason)s. Nobody opens, takes over or "
            "moves a deal with this client. %(user)s or another sales administrator can take it "
            "off the blacklist, on the client's form.",
            client=partner.display_name,
            date=fields.Date.to_string(listed.sales_blacklisted_on) or self.env._("long ago"),
            reason=(listed.sales_blacklist_reason or self.env._("no reason is given")).rstrip(". "),
            user=listed.sales_blacklisted_by_id.name or self.env._("The system"),
        )

    def _tell_of_blacklisted_mail(self, subject):
        """Let whoever answers for a blacklisted client know that it wrote."""
        self.ensure_one()
        responsible = self.sales_blacklisted_by_id | self.farmer_id | self.user_id
        managers = self.env.ref("sales_team.group_sale_manager").all_user_ids
        responsible = (responsible | managers).filtered(lambda user: user.active and not user.share)
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            self.env.company._funnel_today(),
            self.env._("A blacklisted client wrote"),
            Markup("<p>%s</p>")
            % self.env._(
                "“%(subject)s” is in the chatter. No lead was made of it, as nobody works with "
                "this client.",
                subject=subject or self.env._("No subject"),
            ),
            user_id=(responsible[:1] or self.env.user).id,
        )
