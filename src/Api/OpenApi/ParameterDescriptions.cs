using System.Reflection;
using System.Text.Json.Nodes;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Explanation;
using Fovea.Api.ModelRepository;
using Fovea.Models.Architectures;
using Fovea.Models.Explanations;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>Describes each parameter once for all routes, with an example that exists.</summary>
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
            "model" => ("The name of a model in the repository.", Text(), Preferred()),
            "n" => ("The number of a version of the model.", Whole(least: 1), 1),
            "dataset" => (
                "The id of a data set, from the answer to its upload.",
                new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^ds_[0-9a-f]{16}$" },
                null),
            "class" when context.ParameterInfo.Member.DeclaringType == typeof(ExplainEndpoints) => (
                "The class to explain: its label, or its index from 0. By default the likeliest class.", Text(), null),
            "method" => (
                "The method. grad-cam takes little longer than classifying; integrated-gradients takes as long as 64 runs of the network, "
                    + "and rise as long as 512.",
                Named("ExplanationMethod", ExplanationMethods.Names, context),
                null),
            "version" => ("The number of a version of the model. By default the version that serves.", Whole(least: 1), null),
            "from" => (
                "The id of a data set to correct. The new data set has its images, as the archive corrects them.",
                new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^ds_[0-9a-f]{16}$" },
                null),
            "folder" => ("The folder of the image in its part: its class, or images where a list gives the labels.", Text(), null),
            "class" => ("A class of the data set. If it is left out, a list has the images of all classes.", Text(), null),
            "file" => ("The file name of an image.", Text(), null),
            "part" when described.In == ParameterLocation.Path => (
                "The part that has the image.", Named("DatasetPart", UploadedDataset.ListedParts, context), null),
            "part" => (
                "The part that has the image. By default train, val and test are searched.",
                Named("DatasetPart", UploadedDataset.ListedParts, context),
                null),
            "id" => (
                "The id of a file: that of a data set, or report- and the id of a job.", Text(), "ds_0123456789abcdef"),
            "project" => (
                "Any GUID. The answer repeats it, and the ids of tags and iterations depend on it.",
                new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
                "00000000-0000-0000-0000-000000000001"),
            "application" => ("Ignored. Custom Vision counts predictions for each application; Fovea does not.", Text(), null),
            "purpose" => ("The purpose of the files to list: fine-tune. By default all files are listed.", Text(), null),
            "order" => ("desc, the newest first, or asc.", Named("FileOrder", ["desc", "asc"], context), null),
            "limit" when IsOfFiles(context.ParameterInfo.Member) => (
                "The number of entries in a page, 1 to 10,000.", Whole(least: 1, otherwise: 10_000), null),
            "after" => ("The id of the last entry of the previous page. By default the first page is returned.", Text(), null),
            "limit" => ("The number of entries in a page, 1 to 100.", Whole(least: 1, otherwise: 20), null),
            "top" => (
                "The number of classes to return, the most likely first. At most the number of classes of the model; a higher number "
                    + "returns all.",
                Whole(least: 1, otherwise: 5),
                null),
            _ => Other(described, context),
        };
    }

    private static (string? Description, IOpenApiSchema? Schema, JsonNode? Example) Other(
        OpenApiParameter described, ParameterFilterContext context) =>
        described.Name switch
        {
            "threshold" => (
                "The least probability of a class to return, 0 to 1. Less likely classes are left out.",
                new OpenApiSchema { Type = JsonSchemaType.Number, Format = "double", Minimum = "0", Maximum = "1", Default = 0 },
                null),
            "expand" => ("Whether to list each layer of a block in a row of its own, instead of one row for the block.", Flag(), null),
            "name" when described.In == ParameterLocation.Query => (
                "The name of the new data set, 1 to 100 characters, for jobs and reports. By default that of the data set to correct.",
                Text(),
                null),
            "name" => (
                "The name of a network in the catalog.",
                Named("ArchitectureName", Catalog.Architectures.Select(architecture => architecture.Name), context),
                "googlenet"),
            "classes" => ("The number of classes, 2 to 100,000. The default is the paper's.", Whole(least: 2), 10),
            "input" => ("The size of the input: channels (1 or 3) x height x width. The default is the paper's.", Size(), "3x224x224"),
            "stem" => (
                "The first layers: `small` (a 3x3 convolution with stride 1, no pooling), `imagenet` (those of the paper), or `auto`, the "
                    + "default: small where the network has it and the input has at most "
                    + $"{Architecture.SmallSide} pixels in height and width.",
                Named("Stem", StemNames.All, context),
                null),
            "auxiliary" => ("Whether to add the auxiliary heads, which are only for training. Not every network has them.", Flag(), null),
            "job" => (
                "The id of a fine-tuning job, from the answer of POST /fine_tuning/jobs.",
                Text(),
                "ftjob-019ab8e7a1b27c3d8e4f5a6b7c8d9e0f"),
            _ => (described.Description, described.Schema, described.Example),
        };

    // Whether the route is OpenAI's list of files, whose limit has another range. It is the only list with a parameter purpose.
    private static bool IsOfFiles(MemberInfo handler) =>
        handler is MethodInfo method && method.GetParameters().Any(parameter => parameter.Name == "purpose");

    private string Preferred() => models.All is [var first, ..] && models.All.All(model => model.Name != Example) ? first.Name : Example;

    // The allowed names are a named schema of the document, so that a generated client has one type for them on all routes.
    private static OpenApiSchemaReference Named(string schema, IEnumerable<string> names, ParameterFilterContext context)
    {
        context.SchemaRepository.Schemas.TryAdd(
            schema, new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. names.Select(name => JsonValue.Create(name))] });
        return new(schema, context.Document);
    }

    private static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };

    private static OpenApiSchema Flag() => new() { Type = JsonSchemaType.Boolean, Default = false };

    private static OpenApiSchema Size() => new() { Type = JsonSchemaType.String, Pattern = "^[0-9]+x[0-9]+x[0-9]+$" };

    private static OpenApiSchema Whole(int least, int? otherwise = null) =>
        new() { Type = JsonSchemaType.Integer, Format = "int32", Minimum = $"{least}", Default = otherwise };
}
