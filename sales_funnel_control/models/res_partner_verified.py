from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..tools import defaults

_VERIFIED_FIELDS = {"verified_on", "verified_by_id"}
# Who changes one of these by hand has just asked the client.
_CONTACT_DATA = {
    "city",
    "country_id",
    "email",
    "function",
    "name",
    "parent_id",
    "phone",
    "state_id",
    "street",
    "street2",
    "vat",
    "website",
    "zip",
}
# Contexts of writes that nobody types: imports, scheduled actions, what Odoo writes in the wake.
_NOT_BY_HAND = {
    "import_file",
    "_import_current_module",
    "install_mode",
    "cron_id",
    "contact_data_follow",
}


class ResPartner(models.Model):
    """When contact data were checked last, and by whom."""

    _inherit = "res.partner"

    verified_on = fields.Date(
        "Contact Data Verified on",
        tracking=True,
        copy=False,
        index="btree_not_null",
        groups="base.group_user",
        help="The day on which somebody last checked that name, address, phone and e-mail are "
        "right. Changing them by hand counts as a check, an import does not.",
    )
    # Read with each other, and not with what Odoo reads ahead of every contact.
    verified_by_id = fields.Many2one(
        "res.users",
        "Verified by",
        copy=False,
        ondelete="set null",
        groups="base.group_user",
        prefetch="funnel",
    )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        given = defaults.given(self, _VERIFIED_FIELDS)
        if any({**given, **vals}.get(name) for vals in vals_list for name in _VERIFIED_FIELDS):
            self._check_may_set_verified()
        partners = super().create(vals_list)
        if partners._is_by_hand():
            # A new person of a known organisation; an organisation typed just now is new itself.
            people = partners.filtered(
                lambda person: person.commercial_partner_id.create_date != person.create_date
            )
            people.commercial_partner_id._mark_verified()
        return partners

    def write(self, vals):
        if any(
            self._fields[name].convert_to_write(partner[name], partner) != vals[name]
            for name in _VERIFIED_FIELDS & vals.keys()
            for partner in self.sudo()
        ):
            self._check_may_set_verified()
        names = _CONTACT_DATA & vals.keys()
        before = names and self._is_by_hand() and self._contact_data(names)
        result = super().write(vals)
        if before:
            now = self._contact_data(names)
            changed = self.filtered(lambda partner: now[partner] != before[partner])
            (changed | changed.commercial_partner_id)._mark_verified()
        return result

    def _fields_sync(self, values):
        """What Odoo copies between an organisation and its people was checked with neither."""
        return super(ResPartner, self.with_context(contact_data_follow=True))._fields_sync(values)

    # -- actions ------------------------------------------------------------------------------

    def action_verify(self):
        """Note that the contact data were checked today, with nothing to change.

        A person's check is one of the organisation, too.

        :raise AccessError: where the user may not change these contacts
        """
        self.check_access("write")
        (self | self.commercial_partner_id)._mark_verified()
        return True

    # -- business -----------------------------------------------------------------------------

    def _mark_verified(self, day=None, user=None):
        """Note a check of the contact data, unless a later one is known.

        :param date day: of the check, today without it
        :param user: who checked, the present one without it
        :return: the contacts that were not known to be verified that day or later
        """
        day = day or self.env.company._funnel_today()
        user = user or self.env.user
        older = self.sudo().filtered(
            lambda partner: not partner.verified_on or partner.verified_on < day
        )
        if older:
            older.write({"verified_on": day, "verified_by_id": user.id})
        return older.sudo(self.env.su)

    def _is_by_hand(self):
        """Whether a user of ours types this, in the interface or through another program."""
        return (
            not self.env.su
            and _NOT_BY_HAND.isdisjoint(key for key, value in self.env.context.items() if value)
            and self.env.user._is_internal()
        )

    def _contact_data(self, names):
        return {partner: [partner[name] or False for name in names] for partner in self}

    def _check_may_set_verified(self):
        if not self.env.su and not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(
                self.env._(
                    "Only sales administrators set when contact data were verified. Use the "
                    "button “Verify” to say that you checked them today."
                )
            )
