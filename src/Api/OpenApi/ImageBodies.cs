using System.Text.Json.Nodes;
using Fovea.Api.Classification;
using Fovea.Api.Problems;
using Fovea.Api.RouteDescriptions;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>
/// Describes the bodies and answers of the routes that receive images. JSON comes first because its example works unchanged: it is a
/// handwritten seven, the first test image of MNIST.
/// </summary>
internal sealed class ImageBodies : IOperationFilter
{
    private static readonly string[] ImageTypes =
        [.. ImageFormat.All.Select(format => format.MediaTypes[0]), "application/octet-stream"];

    /// <summary>The example image, in base64.</summary>
    public static string Seven { get; } = ReadSeven();

    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (!context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<TakesImages>().Any())
        {
            return;
        }

        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "The bytes of an image file, JSON with an image file in base64, or a form with image files. The server "
                + "recognises the format by the bytes, so any image/* type works, as does application/octet-stream or no type at all.",
            Content = Bodies(),
        };
        operation.Responses = Answers(
            operation.Responses!,
            context.SchemaGenerator.GenerateSchema(typeof(Answer), context.SchemaRepository),
            context.SchemaGenerator.GenerateSchema(typeof(Problem), context.SchemaRepository));
    }

    private static OpenApiResponses Answers(OpenApiResponses refusals, IOpenApiSchema answer, IOpenApiSchema problem)
    {
        var answers = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "The most likely classes. A form is answered with a list: an answer or a problem document for each file.",
                Content = Json(new OpenApiSchema { OneOf = [answer, List(new OpenApiSchema { AnyOf = [answer, problem] })] }, Example()),
            },
        };
        foreach (var (status, refusal) in refusals.Where(response => response.Key != "200"))
        {
            answers.Add(status, refusal);
        }

        answers["413"].Content!.Add(Json(List(problem)).Single());
        answers["422"].Content!.Add(Json(List(problem)).Single());
        return answers;
    }

    /// <summary>The forms of a body with one image or several, by media type.</summary>
    public static Dictionary<string, IOpenApiMediaType> Bodies()
    {
        var bodies = new Dictionary<string, IOpenApiMediaType>
        {
            ["application/json"] = new OpenApiMediaType
            {
                Schema = Object(
                    "image",
                    new OpenApiSchema
                    {
                        Type = JsonSchemaType.String,
                        Format = "byte",
                        Description = "The bytes of an image file in base64.",
                    }),
                Example = new JsonObject { ["image"] = Seven },
            },
            ["multipart/form-data"] = new OpenApiMediaType
            {
                Schema = Object("images", List(Binary())),
            },
        };
        foreach (var type in ImageTypes)
        {
            bodies[type] = new OpenApiMediaType { Schema = Binary() };
        }

        return bodies;
    }

    private static OpenApiSchema Object(string name, OpenApiSchema property) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { name },
            Properties = new Dictionary<string, IOpenApiSchema> { [name] = property },
        };

    private static OpenApiSchema List(IOpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };

    private static Dictionary<string, IOpenApiMediaType> Json(OpenApiSchema schema, JsonNode? example = null) =>
        new() { ["application/json"] = new OpenApiMediaType { Schema = schema, Example = example } };

    private static OpenApiSchema Binary() => new() { Type = JsonSchemaType.String, Format = "binary" };

    private static JsonObject Example() => new()
    {
        ["model"] = "lenet5",
        ["version"] = 1,
        ["trained"] = true,
        ["predictions"] = new JsonArray(
            new JsonObject { ["label"] = "7", ["index"] = 7, ["probability"] = 0.9998 },
            new JsonObject { ["label"] = "9", ["index"] = 9, ["probability"] = 0.0002 }),
    };

    private static string ReadSeven()
    {
        using var resource = typeof(ImageBodies).Assembly.GetManifestResourceStream("seven.png")!;
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return Convert.ToBase64String(bytes);
    }
}
