import {registry} from "@web/core/registry";
import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";

/** A contact that was only begun is no contact: leaving the page does not log it. */
export class ContactFormController extends FormController {
    beforeUnload(event) {
        return this.model.root.isNew ? undefined : super.beforeUnload(event);
    }
}

registry.category("views").add("crm_contact_log_form", {
    ...formView,
    Controller: ContactFormController,
});
