using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// An endpoint that shows the upper limit of Kestrel: it reads each body to its end, and always answers with the same JSON.
/// </summary>
internal static class ConstantEndpoint
{
    private static readonly byte[] Answer =
        """{"model":"lenet5","version":1,"trained":true,"predictions":[{"label":"7","index":7,"probability":0.999}]}"""u8.ToArray();

    public static int Run(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapPost("/{**path}", async (HttpContext context) =>
        {
            for (var reader = context.Request.BodyReader; ;)
            {
                var read = await reader.ReadAsync(context.RequestAborted);
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            context.Response.ContentType = "application/json";
            context.Response.ContentLength = Answer.Length;
            context.Response.BodyWriter.Write(Answer);
        });
        app.Run();
        return 0;
    }
}
