namespace Fovea.Api.RouteDescriptions;

/// <summary>Marks a route whose body asks for a fine-tuning job.</summary>
internal sealed class TakesJob;
