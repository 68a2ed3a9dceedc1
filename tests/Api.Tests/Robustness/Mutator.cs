using System.Net.Http.Headers;

namespace Fovea.Api.Tests.Robustness;

/// <summary>Makes bad requests out of good images. Equal seeds give equal requests.</summary>
internal sealed class Mutator(int seed, params byte[][] originals)
{
    private static readonly string?[] MediaTypes =
        [
            null,
            "image/png",
            "image/jpeg",
            "application/octet-stream",
            "application/json",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "text/plain",
            "image/",
            "/",
        ];

    private readonly Random random = new(seed);

    /// <summary>Makes the next request.</summary>
    public HttpRequestMessage Next(string path)
    {
        var image = Spoilt();
        string? mediaType = random.Next(3) == 0 ? MediaTypes[random.Next(MediaTypes.Length)] : null;
        byte[] body = random.Next(8) switch
        {
            0 => [.. "{\"image\": \""u8, .. System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(image)), .. "\"}"u8],
            1 => [.. "--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n"u8, .. image, .. "\r\n--x--\r\n"u8],
            _ => image,
        };
        var request = new HttpRequestMessage(HttpMethod.Post, random.Next(10) == 0 ? $"{path}?top={(char)random.Next(32, 127)}" : path)
        {
            Content = new ByteArrayContent(random.Next(6) == 0 ? Spoil(body) : body),
        };
        if (mediaType is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
        }
        else if (body is [(byte)'{', ..])
        {
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        else if (body is [(byte)'-', ..])
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        }

        return request;
    }

    private byte[] Spoilt()
    {
        var image = originals[random.Next(originals.Length)];
        for (int times = random.Next(4); times > 0; times--)
        {
            image = Spoil(image);
        }

        return image;
    }

    // Changes some bytes, more often near the beginning; or cuts the end off; or doubles, removes or zeroes a piece.
    private byte[] Spoil(byte[] bytes)
    {
        if (bytes.Length < 4)
        {
            return [.. bytes, 0xFF];
        }

        int at = random.Next(random.Next(2) == 0 ? Math.Min(bytes.Length, 64) : bytes.Length);
        int length = random.Next(1, Math.Min(64, bytes.Length - at) + 1);
        byte[] spoilt = [.. bytes];
        switch (random.Next(5))
        {
            case 0:
                random.NextBytes(spoilt.AsSpan(at, Math.Min(length, 4)));
                return spoilt;
            case 1:
                return spoilt[..at];
            case 2:
                return [.. spoilt[..(at + length)], .. spoilt[at..]];
            case 3:
                return [.. spoilt[..at], .. spoilt[(at + length)..]];
            default:
                spoilt.AsSpan(at, length).Fill((byte)(random.Next(2) * 255));
                return spoilt;
        }
    }
}
