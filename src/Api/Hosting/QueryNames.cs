using System.Reflection;
using System.Runtime.CompilerServices;
using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Fovea.Api.Hosting;

/// <summary>
/// Refuses parameters of a query that the route does not have, with the nearest parameter or route that it has: a misspelt or invented
/// parameter would otherwise have no effect, and the answer would be that to another question.
/// </summary>
internal static class QueryNames
{
    // Endpoints go with their service.
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

    // The names of a handler's query parameters: those of text or numbers that are not in the path. null: a route of a package, such as
    // /metrics.
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

    // A route that goes on behind this one with a folder of such a name, and takes the value in its path.
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
