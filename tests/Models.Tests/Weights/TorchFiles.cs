using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Fovea.Models.Tests.Weights;

/// <summary>
/// A tensor to be saved: the type, key, bytes and element count of its storage, and its offset, size and strides in elements.
/// </summary>
internal sealed record SavedTensor(
    string Name, string StorageType, string Key, byte[] Storage, int Count, int Offset, int[] Size, int[] Strides,
    string Rebuild = "_rebuild_tensor_v2");

/// <summary>Creates files in the formats of torch.save.</summary>
internal static class TorchFiles
{
    /// <summary>A row-major float tensor that shares its storage with no other tensor.</summary>
    public static SavedTensor Floats(string name, int[] size, params float[] values) => new(
        name, "FloatStorage", name, [.. values.SelectMany(BitConverter.GetBytes)], values.Length, 0, size, [
            .. size.Select((_, axis) => size[(axis + 1)..].Aggregate(1, (a, b) => a * b))]);

    /// <summary>A file of PyTorch 1.6 or later: a zip file.</summary>
    public static byte[] Zip(
        byte[] pickle, IEnumerable<(string Key, byte[] Bytes)> storages, string byteOrder = "little",
        CompressionLevel compression = CompressionLevel.NoCompression)
    {
        var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("model/data.pkl", pickle);
            Add("model/byteorder", Encoding.ASCII.GetBytes(byteOrder));
            foreach (var (key, bytes) in storages)
            {
                Add($"model/data/{key}", bytes);
            }

            void Add(string path, byte[] bytes)
            {
                using var stream = zip.CreateEntry(path, compression).Open();
                stream.Write(bytes);
            }
        }

        return file.ToArray();
    }

    public static byte[] Zip(params SavedTensor[] tensors) => Zip(new Pickle().StateDict(tensors).Stop(), Storages(tensors));

    /// <summary>A file of an earlier PyTorch: a sequence of pickles, then the storages.</summary>
    public static byte[] Legacy(byte[] pickle, IEnumerable<(string Key, byte[] Bytes, int Count)> storages)
    {
        var keys = new Pickle().Add("](");
        var data = new List<byte>();
        foreach (var (key, bytes, count) in storages)
        {
            keys.Text(key);
            var length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, count);
            data.AddRange([.. length, .. bytes]);
        }

        return
        [
            .. new Pickle().Add(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19).Stop(),
            .. new Pickle().Int(1001).Stop(),
            .. new Pickle().Add("}").Text("little_endian").Add(0x88).Add("s").Stop(),
            .. pickle,
            .. keys.Add("e").Stop(),
            .. data,
        ];
    }

    public static byte[] Legacy(params SavedTensor[] tensors) =>
        Legacy(new Pickle().StateDict(tensors).Stop(), tensors.DistinctBy(t => t.Key).Select(t => (t.Key, t.Storage, t.Count)));

    private static IEnumerable<(string, byte[])> Storages(SavedTensor[] tensors) =>
        tensors.DistinctBy(t => t.Key).Select(t => (t.Key, t.Storage));
}

/// <summary>Writes a pickle of protocol 2, opcode by opcode.</summary>
internal sealed class Pickle
{
    private readonly List<byte> bytes = [0x80, 2];

    public Pickle Add(params byte[] opcodes)
    {
        bytes.AddRange(opcodes);
        return this;
    }

    public Pickle Add(string opcodes) => Add(Encoding.Latin1.GetBytes(opcodes));

    public Pickle Global(string module, string name) => Add($"c{module}\n{name}\n");

    public Pickle Int(int value) => Add([(byte)'J', .. BitConverter.GetBytes(value)]);

    public Pickle Text(string value) =>
        Add([(byte)'X', .. BitConverter.GetBytes(Encoding.UTF8.GetByteCount(value)), .. Encoding.UTF8.GetBytes(value)]);

    public Pickle Ints(int[] values)
    {
        Add("(");
        foreach (int value in values)
        {
            Int(value);
        }

        return Add("t");
    }

    public Pickle Tensor(SavedTensor t) => Global("torch._utils", t.Rebuild)
        .Add("((").Text("storage").Global("torch", t.StorageType).Text(t.Key).Text("cpu").Int(t.Count).Add("tQ")
        .Int(t.Offset).Ints(t.Size).Ints(t.Strides)
        .Add(t.Rebuild == "_rebuild_tensor_v2" ? [0x89, .. Empty(), (byte)'t', (byte)'R'] : [(byte)'t', (byte)'R']);

    public Pickle StateDict(params SavedTensor[] tensors)
    {
        Global("collections", "OrderedDict").Add(")Rq").Add(0).Add("(");
        foreach (var tensor in tensors)
        {
            Text(tensor.Name).Tensor(tensor);
        }

        return Add("u}").Text("_metadata").Global("collections", "OrderedDict").Add(")Rsb");
    }

    public byte[] Stop() => [.. bytes, (byte)'.'];

    public override string ToString() => bytes.Count.ToString(CultureInfo.InvariantCulture);

    // The backward hooks of a tensor: an empty OrderedDict.
    private static byte[] Empty() => [.. Encoding.ASCII.GetBytes("ccollections\nOrderedDict\n)R")];
}
