from . import crm_funnel_builder
