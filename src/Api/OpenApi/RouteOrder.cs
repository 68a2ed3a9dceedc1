using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>Orders the routes by what a reader does first, with a sentence about each group. Swagger UI shows them in this order.</summary>
internal sealed class RouteOrder : IDocumentFilter
{
    // Groups that are not listed come last.
    private static readonly (string Name, string Description)[] Groups =
    [
        ("Classify", "Images in, labels with probabilities out."),
        ("Explain", "Where in an image a model sees its answer."),
        ("Models", "The models of the repository: list, look inside, upload, publish, unload."),
        ("Data sets", "Images of the classes that a model is to learn."),
        ("Fine-tuning", "Jobs that teach a model the classes of a data set."),
        ("Architectures", "Networks that can be built, and the pretrained ones that jobs start from."),
        ("OpenAI", "The same models, data sets and jobs for OpenAI's clients."),
        ("Custom Vision", "Images in, tags out, for applications of Custom Vision's prediction API."),
        ("Open Inference Protocol", "The same models for clients of KServe's protocol, version 2."),
        ("Health", "Probes, the hardware in use, and the page."),
    ];

    /// <inheritdoc/>
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        var routes = swaggerDoc.Paths.OrderBy(path => Place(path.Value)).ToArray();
        swaggerDoc.Paths = [];
        foreach (var (path, item) in routes)
        {
            swaggerDoc.Paths.Add(path, item);
        }

        var used = routes.SelectMany(path => Tags(path.Value)).ToHashSet();
        swaggerDoc.Tags = Groups.Where(group => used.Contains(group.Name))
            .Select(group => new OpenApiTag { Name = group.Name, Description = group.Description }).ToHashSet();
    }

    private static int Place(IOpenApiPathItem path)
    {
        int place = Array.FindIndex(Groups, group => Tags(path).Contains(group.Name));
        return place < 0 ? Groups.Length : place;
    }

    private static IEnumerable<string> Tags(IOpenApiPathItem path) =>
        (path.Operations ?? []).Values.SelectMany(operation => operation.Tags ?? new HashSet<OpenApiTagReference>())
            .Select(tag => tag.Name ?? "");
}
