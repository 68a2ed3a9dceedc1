using System.Text.Json.Nodes;
using Fovea.Models;
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
            "model" => ("A model of the repository.", Names(models.All.Select(model => model.Name)), Preferred()),
            "n" => ("A version of the model.", Whole(least: 1), 1),
            "dataset" => ("The id of a data set, as its upload answers it.", new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^ds_[0-9a-f]{16}$" }, null),
            "class" => ("A class of the data set; of the list, all where it is left out.", new OpenApiSchema { Type = JsonSchemaType.String }, null),
            "file" => ("An image's own name.", new OpenApiSchema { Type = JsonSchemaType.String }, null),
            "part" => ("The part that the image is in; by default whichever has it.", Names(Dataset.Parts), null),
            "after" => ("The name of the last entry of the page before; by default the list begins.", new OpenApiSchema { Type = JsonSchemaType.String }, null),
            "limit" => ("How many entries to give, 1 to 100.", Whole(least: 1, otherwise: 20), null),
            "top" => ("How many classes to give, the likeliest first: 1 to the number of classes; of more, all are given.", Whole(least: 1, otherwise: 5), null),
            "expand" => ("Whether each layer of a block has a row of its own, rather than the block one.", Flag(), null),
            "name" => ("A network of the catalog.", Names(Catalog.Architectures.Select(architecture => architecture.Name)), "googlenet"),
            "classes" => ("Number of classes, 2 to 100,000; by default the paper's.", Whole(least: 2), 10),
            "input" => ("The size of the input as channels (1 or 3) x height x width; by default the paper's.", Size(), "3x224x224"),
            "auxiliary" => ("Whether to add the heads that only serve training; only for networks that have them.", Flag(), null),
            "job" => ("A fine-tuning job, as POST /fine_tuning/jobs answered its id.", Text(), "ftjob-019ab8e7a1b27c3d8e4f5a6b7c8d9e0f"),
            _ => (described.Description, described.Schema, (JsonNode?)described.Example),
        };
    }

    private string Preferred() => models.All is [var first, ..] && models.All.All(model => model.Name != Example) ? first.Name : Example;

    private static OpenApiSchema Names(IEnumerable<string> names) => new() { Type = JsonSchemaType.String, Enum = names.Any() ? [.. names.Select(name => JsonValue.Create(name))] : null };

    private static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };

    private static OpenApiSchema Flag() => new() { Type = JsonSchemaType.Boolean, Default = false };

    private static OpenApiSchema Size() => new() { Type = JsonSchemaType.String, Pattern = "^[0-9]+x[0-9]+x[0-9]+$" };

    private static OpenApiSchema Whole(int least, int? otherwise = null) =>
        new() { Type = JsonSchemaType.Integer, Format = "int32", Minimum = $"{least}", Default = otherwise };
}
