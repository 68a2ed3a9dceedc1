using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api;

/// <summary>Says what each parameter is, once for all routes, with an example that exists.</summary>
internal sealed class ParameterDescriptions(ModelStore models) : IParameterFilter
{
    private const string Example = "lenet5";

    /// <inheritdoc/>
    public void Apply(IOpenApiParameter parameter, ParameterFilterContext context)
    {
        if (parameter is not OpenApiParameter described)
        {
            return;
        }

        (described.Description, described.Schema, described.Example) = described.Name switch
        {
            "model" => ("A model of the repository.", Models(), Preferred()),
            "n" => ("A version of the model.", Whole(least: 1), 1),
            "top" => ("How many classes to give, the likeliest first: 1 to the number of classes; of more, all are given.", Whole(least: 1, otherwise: 5), null),
            "expand" => ("Whether each layer of a block has a row of its own, rather than the block one.", described.Schema, null),
            _ => (described.Description, described.Schema, (JsonNode?)described.Example),
        };
    }

    private string Preferred() => models.All is [var first, ..] && models.All.All(model => model.Name != Example) ? first.Name : Example;

    private OpenApiSchema Models() => new() { Type = JsonSchemaType.String, Enum = models.All.Count == 0 ? null : [.. models.All.Select(model => JsonValue.Create(model.Name))] };

    private static OpenApiSchema Whole(int least, int? otherwise = null) =>
        new() { Type = JsonSchemaType.Integer, Format = "int32", Minimum = $"{least}", Default = otherwise };
}
