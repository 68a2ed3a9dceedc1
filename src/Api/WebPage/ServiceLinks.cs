using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.WebPage;

/// <summary>The answer of <c>/</c> for programs: links to the routes of the service.</summary>
/// <param name="Service">The name of the service: Fovea.</param>
/// <param name="Version">The version of the service.</param>
/// <param name="Links">
/// The addresses of the routes, by name. They are relative to the address of this answer, so they are right behind a path prefix too.
/// </param>
internal sealed record ServiceLinks(string Service, string Version, IReadOnlyDictionary<string, string> Links)
{
    /// <summary>The links of this service.</summary>
    public static ServiceLinks Current { get; } = new(
        "Fovea",
        typeof(ServiceLinks).Assembly.GetName().Version!.ToString(3),
        new Dictionary<string, string>
        {
            ["models"] = "models",
            ["classify"] = "classify/{model}",
            ["architectures"] = "architectures",
            ["pretrained"] = "pretrained",
            ["datasets"] = "datasets",
            ["jobs"] = "fine_tuning/jobs",
            ["inference"] = "v2",
            ["diagnostics"] = "diagnostics",
            ["metrics"] = "metrics",
            ["ready"] = "health/ready",
            ["description"] = "swagger/v1/swagger.json",
            ["documentation"] = "swagger",
        });
}

/// <summary>The JSON serializer for the links of the service.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ServiceLinks))]
internal sealed partial class WebPageJson : JsonSerializerContext;
