import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

tours.add("sales_funnel_control.norm_progress", {
    steps: () => [
        {
            content: "See how the week stands",
            trigger: ".o_norm_progress:contains(1/12)",
            run: "click",
        },
        {
            content: "Why we are here",
            trigger: ".o_norm_purpose",
            run: "click",
        },
        {
            trigger: ".o_norm_purpose_text:contains(We open doors)",
        },
        {
            content: "Open the contacts",
            trigger: ".o_norm_progress_menu button:contains(My Contacts)",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row",
        },
    ],
});

tours.add("sales_funnel_control.norms_head", {
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        {
            content: "Open the contacts' menu",
            trigger: "[data-menu-xmlid='sales_funnel_control.crm_contacts_menu']",
            run: "click",
        },
        {
            // Where it is the menu's only entry, the menu itself opens it.
            content: "See the managers",
            trigger:
                "a.dropdown-item[data-menu-xmlid='sales_funnel_control.crm_contact_norm_progress_menu'], .o_norm_progress_kanban",
            run: "click",
        },
        {
            trigger: ".o_kanban_record:contains(Ivanenko) [data-kind=meeting]:contains(1 of 12)",
            run: "click",
        },
        {
            content: "The contacts behind it",
            trigger: ".o_list_view .o_data_row",
        },
    ],
});
