namespace Fovea.Api;

/// <summary>Answers HEAD wherever GET is answered, as HTTP asks; the server leaves the body out by itself.</summary>
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
