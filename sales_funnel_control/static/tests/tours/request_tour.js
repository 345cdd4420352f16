import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

tours.add("sales_funnel_control.requests", {
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        {
            content: "Open what salespeople work with",
            trigger: "button[data-menu-xmlid='crm.crm_menu_sales']",
            run: "click",
        },
        {
            content: "Open the requests",
            trigger: "a[data-menu-xmlid='sales_funnel_control.crm_lead_menu_requests']",
            run: "click",
        },
        {
            content: "One is overdue and has no owner: take it",
            trigger:
                ".o_data_row:contains(Toured Request):contains(overdue) button[name=action_take_request]",
            run: "click",
        },
        {
            content: "It is taken",
            trigger:
                ".o_data_row:contains(Toured Request):not(:has(button[name=action_take_request]))",
        },
        {
            content: "Log the contact from here",
            trigger: ".o_data_row:contains(Toured Request) button[name=action_log_contact]",
            run: "click",
        },
        {
            content: "Not yet: see the request first",
            trigger: ".modal .o_form_view [name=lead_id] input:value(Toured Request)",
        },
        {
            trigger: ".modal .btn-close",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
        {
            content: "Open it",
            trigger: ".o_data_row:contains(Toured Request) .o_data_cell[name=name]",
            run: "click",
        },
        {
            content: "The client should have heard from us",
            trigger: ".o_request_overdue:contains(overdue)",
        },
        {
            content: "See the request",
            trigger: ".o_notebook_headers a[name=request]",
            run: "click",
        },
        {
            trigger: "[name=channel_id]:contains(Calls)",
        },
    ],
});

tours.add("sales_funnel_control.request_channels", {
    steps: () => [
        {
            content: "Add a channel",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_form_view [name=name] input",
            run: "edit Trade fair",
        },
        {
            content: "Choose the source",
            trigger: ".o_form_view [name=source_id] input",
            run: "edit Fair",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Fair):first",
            run: "click",
        },
        {
            content: "Give it more time",
            trigger: ".o_form_view [name=reaction_term] input",
            run: "edit 45",
        },
        ...stepUtils.saveForm(),
    ],
});
