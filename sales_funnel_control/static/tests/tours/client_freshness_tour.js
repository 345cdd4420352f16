import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

const CLIENTS_MENU = "[data-menu-xmlid='sales_funnel_control.crm_clients_menu']";

tours.add("sales_funnel_control.verify_clients", {
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        {
            content: "Open the client base",
            trigger: CLIENTS_MENU,
            run: "click",
        },
        {
            content: "Whose turn is it to be called?",
            trigger: "[data-menu-xmlid='sales_funnel_control.crm_clients_to_verify_menu']",
            run: "click",
        },
        {
            content: "The data are right",
            trigger: ".o_data_row:contains(Ivanenko 0) button[name=action_verify]",
            run: "click",
        },
        {
            content: "The client has left the list",
            trigger: ".o_list_view:not(:has(.o_data_row:contains(Ivanenko 0))) .o_data_row",
        },
    ],
});

tours.add("sales_funnel_control.change_group_of_clients", {
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        {
            content: "Open the client base",
            trigger: CLIENTS_MENU,
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='sales_funnel_control.crm_client_menu']",
            run: "click",
        },
        {
            content: "Choose all",
            trigger: ".o_data_row:contains(Ivanenko 1)",
        },
        {
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Change them",
            trigger: ".o_control_panel button[name=action_change_group]",
            run: "click",
        },
        {
            content: "Give them a tag",
            trigger: "[name=action] .o_radio_item:contains(Add a Tag) input",
            run: "click",
        },
        {
            trigger: "[name=tag_id] input",
            run: "edit Spring fair",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Spring fair)",
            run: "click",
        },
        {
            trigger: ".o_form_statusbar button[name=action_start]",
            run: "click",
        },
        {
            content: "What came of it",
            trigger: ".alert-success:contains(Done: 3)",
        },
    ],
});
