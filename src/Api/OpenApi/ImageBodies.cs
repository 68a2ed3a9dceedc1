using System.Text.Json.Nodes;
using Fovea.Api.Classification;
using Fovea.Api.Problems;
using Fovea.Api.RouteDescriptions;
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
        var marks = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        if (marks.OfType<TakesImages>().Any())
        {
            DescribeForm(operation, context);
        }
        else if (marks.OfType<TakesImage>().Any())
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Description = "The bytes of an image file, or JSON with an image file in base64. The server recognises the format by the "
                    + "bytes, so any image/* type works, as does application/octet-stream or no type at all.",
                Content = Bodies(context),
            };
            if (EitherSchema.IdOf(operation.Responses!["200"].Content!["application/json"].Schema!) == nameof(Answer))
            {
                ((OpenApiMediaType)operation.Responses["200"].Content!["application/json"]).Example = Example();
            }
        }
    }

    private static void DescribeForm(OpenApiOperation operation, OperationFilterContext context)
    {
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "A form with image files. The names of its fields do not matter.",
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["multipart/form-data"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Required = new HashSet<string> { "images" },
                        Properties = new Dictionary<string, IOpenApiSchema> { ["images"] = List(Binary()) },
                    },
                },
            },
        };
        context.SchemaGenerator.GenerateSchema(typeof(Answer), context.SchemaRepository);
        var problem = context.SchemaGenerator.GenerateSchema(typeof(Problem), context.SchemaRepository);
        var either = EitherSchema.Add("ImageAnswer", nameof(Answer), nameof(Problem), context.SchemaRepository.Schemas, context.Document);
        var answers = operation.Responses!;
        ((OpenApiResponse)answers["200"]).Description = "An answer or a problem document for each file, in the order of the files.";
        ((OpenApiResponse)answers["200"]).Content = Json(List(either), new JsonArray(Example()));

        // If no image can be used, the answer is a list with the problem of each image. With the status 413, the answer may also be a
        // single problem: the form itself is too large.
        answers["413"].Content!.Add(Json(List(problem)).Single());
        ((OpenApiResponse)answers["422"]).Content = Json(List(problem));
    }

    // The schemas of a body with one image, by media type. multipart/form-data is left out, although the routes accept it: NSwag would make
    // a method that requires an image and a form.
    private static Dictionary<string, IOpenApiMediaType> Bodies(OperationFilterContext context)
    {
        var bodies = new Dictionary<string, IOpenApiMediaType>
        {
            ["application/json"] = new OpenApiMediaType
            {
                Schema = ComponentFile.Bodies.Get("EncodedImage", context),
                Example = new JsonObject { ["image"] = Seven },
            },
        };
        foreach (var type in ImageTypes)
        {
            bodies[type] = new OpenApiMediaType { Schema = Binary() };
        }

        return bodies;
    }

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
