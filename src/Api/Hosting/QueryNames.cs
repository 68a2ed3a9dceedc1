using System.Reflection;
using System.Runtime.CompilerServices;
using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Fovea.Api.Hosting;

/// <summary>
/// Refuses query parameters that the route does not have, and suggests a parameter or route with a similar name. Otherwise a misspelt
/// parameter would be ignored without notice, and the caller would get the answer to another request.
/// </summary>
internal static class QueryNames
{
    // The parameters of each route. The table holds the routes weakly, so they are freed together with their service.
    private static readonly ConditionalWeakTable<Endpoint, Parameters> Known = [];

    // Names that other services use for parameters of this service.
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["k"] = "top",
        ["n"] = "top",
        ["topk"] = "top",
        ["top_k"] = "top",
        ["channels"] = "input",
        ["size"] = "input",
        ["shape"] = "input",
        ["num_classes"] = "classes",
        ["before"] = "after",
        ["cursor"] = "after",
        ["page_size"] = "limit",
        ["label"] = "class",
    };

    /// <summary>Refuses unknown query parameters of the matched route. Call this after routing.</summary>
    public static void UseQueryNames(this WebApplication app) => app.Use((context, next) =>
    {
        var request = context.Request;
        if (request.QueryString.HasValue && context.GetEndpoint() is RouteEndpoint route
            && Known.GetValue(route, endpoint => new(NamesOf(endpoint))).Names is { } names)
        {
            foreach (var name in request.Query.Keys)
            {
                if (!names.Contains(name, StringComparer.OrdinalIgnoreCase))
                {
                    throw Unknown(name, names, route, request);
                }
            }
        }

        return next(context);
    });

    // Returns the names of a handler's query parameters: its parameters of text or numbers that are not part of the path. Null for a route
    // whose handler is in another package, such as /metrics.
    private static string[]? NamesOf(Endpoint endpoint)
    {
        var handler = endpoint.Metadata.GetMetadata<MethodInfo>();
        if (handler?.Module.Assembly != typeof(QueryNames).Assembly)
        {
            return null;
        }

        var path = ((RouteEndpoint)endpoint).RoutePattern.Parameters.Select(parameter => parameter.Name).ToArray();
        return
        [
            .. handler.GetParameters().Where(parameter => IsText(parameter.ParameterType)).Select(parameter => parameter.Name!)
                .Except(path, StringComparer.OrdinalIgnoreCase),
        ];
    }

    private static bool IsText(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsPrimitive || type == typeof(string) || type == typeof(string[]);
    }

    private static ServiceException Unknown(string name, string[] names, RouteEndpoint route, HttpRequest request)
    {
        var near = OtherNames.TryGetValue(name, out var other) && names.Contains(other) ? other
            : NearestName.Of(name.ToLowerInvariant(), names);
        near ??= NearestRoute(name, route, request);
        var suggestion = near is null ? "" : $" (did you mean {near}?)";
        var expected = names is [] ? "no parameters" : string.Join(", ", names);
        return new(
            ServiceError.MalformedRequest,
            $"{request.Method} {request.Path} has no parameter {ReadableText.Of(name)}{suggestion}; expected {expected}.");
    }

    // Returns a longer route that has the parameter's name and value in its path, such as /classify/{model}/versions/{n} for ?version=n;
    // null if there is none.
    private static string? NearestRoute(string name, RouteEndpoint route, HttpRequest request)
    {
        var here = route.RoutePattern.PathSegments;
        var further = request.HttpContext.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(other => other.RoutePattern.PathSegments.Count == here.Count + 2
                && here.Zip(other.RoutePattern.PathSegments).All(pair => Text(pair.First) == Text(pair.Second))
                && other.RoutePattern.PathSegments[^1].Parts is [RoutePatternParameterPart]
                && other.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains(request.Method) == true)
            .Select(other => Text(other.RoutePattern.PathSegments[^2])).Distinct().ToArray();
        return NearestName.Of(name.ToLowerInvariant(), further) is { } folder
            ? $"{request.Method} {request.Path.Value!.TrimEnd('/')}/{folder}/{ReadableText.Of($"{request.Query[name]}")}"
            : null;
    }

    private static string Text(RoutePatternPathSegment segment) => string.Concat(segment.Parts.Select(part => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternSeparatorPart separator => separator.Content,
        _ => "{}",
    }));

    private sealed record Parameters(string[]? Names);
}
