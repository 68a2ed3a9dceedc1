namespace Fovea.Api.Hosting;

/// <summary>Answers HEAD on every route that answers GET, as HTTP requires. Kestrel leaves the body out.</summary>
internal static class HeadAsGet
{
    public static void UseHeadAsGet(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    });
}
